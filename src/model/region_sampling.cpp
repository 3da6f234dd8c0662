#include "model/region_sampling.h"

#include <algorithm>
#include <cmath>

namespace samcache {
namespace {

// Adds to weights[0, length) what a RoIAlign sample at `position` reads: a pixel's value lies at its index; up to one
// pixel outside the nearest one counts, beyond nothing.
void add_clamped_sample(float position, float share, std::span<float> weights) {
  const auto length = static_cast<int>(weights.size());
  if (position < -1.0f || position > static_cast<float>(length)) return;
  position = std::max(position, 0.0f);
  const int low = std::min(static_cast<int>(position), length - 1);
  if (low == length - 1) {
    weights[low] += share;
    return;
  }
  const float fraction = position - static_cast<float>(low);
  weights[low] += share * (1.0f - fraction);
  weights[low + 1] += share * fraction;
}

// One axis of one box: [size, length].
void add_roi_axis(float begin, float end, int length, int size, std::vector<float>& out) {
  const float extent = std::max(end - begin, 1.0f);
  const float bin = extent / static_cast<float>(size);
  const int samples = std::max(static_cast<int>(std::ceil(extent / static_cast<float>(size))), 1);
  for (int b = 0; b < size; ++b) {
    out.resize(out.size() + length);
    const std::span<float> weights = std::span(out).last(length);
    for (int s = 0; s < samples; ++s) {
      const float offset = (static_cast<float>(s) + 0.5f) * bin / static_cast<float>(samples);
      add_clamped_sample(begin + static_cast<float>(b) * bin + offset, 1.0f / static_cast<float>(samples), weights);
    }
  }
}

void add_point_axis(float unit, int length, std::vector<float>& out) {
  out.resize(out.size() + length);
  const std::span<float> weights = std::span(out).last(length);
  const float position = unit * static_cast<float>(length) - 0.5f;
  const float low = std::floor(position);
  const auto add = [&](float index, float share) {
    if (index >= 0 && index < static_cast<float>(length)) weights[static_cast<std::size_t>(index)] += share;
  };
  add(low, low + 1.0f - position);
  add(low + 1.0f, position - low);
}

}  // namespace

SamplingWeights roi_align_weights(std::span<const std::array<float, 4>> boxes, int height, int width, int size) {
  SamplingWeights weights;
  for (const auto& [x0, y0, x1, y1] : boxes) {
    const auto rows = static_cast<float>(height);
    const auto columns = static_cast<float>(width);
    add_roi_axis(y0 * rows, y1 * rows, height, size, weights.rows);
    add_roi_axis(x0 * columns, x1 * columns, width, size, weights.columns);
  }
  return weights;
}

SamplingWeights point_weights(std::span<const std::array<float, 2>> points, int height, int width) {
  SamplingWeights weights;
  for (const auto& [x, y] : points) {
    add_point_axis(y, height, weights.rows);
    add_point_axis(x, width, weights.columns);
  }
  return weights;
}

}  // namespace samcache

#include "model/preprocess.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace samcache {
namespace {

// The source pixels that one destination pixel mixes, along one axis.
struct Taps {
  int begin = 0;
  std::vector<float> weights;
};

// Triangle filter whose support grows with the downscale factor; an enlarged axis interpolates linearly.
std::vector<Taps> antialias_taps(int source_size, int target_size) {
  const float scale = static_cast<float>(source_size) / static_cast<float>(target_size);
  const float support = scale >= 1.0f ? scale : 1.0f;
  const float inverse = scale >= 1.0f ? 1.0f / scale : 1.0f;
  std::vector<Taps> all(target_size);
  for (int i = 0; i < target_size; ++i) {
    const float centre = scale * (static_cast<float>(i) + 0.5f);
    Taps& taps = all[i];
    taps.begin = std::max(static_cast<int>(centre - support + 0.5f), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5f), source_size);
    float total = 0.0f;
    for (int s = taps.begin; s < end; ++s) {
      const float distance = std::abs((static_cast<float>(s) - centre + 0.5f) * inverse);
      taps.weights.push_back(distance < 1.0f ? 1.0f - distance : 0.0f);
      total += taps.weights.back();
    }
    for (float& weight : taps.weights) weight /= total;
  }
  return all;
}

// One row of RGB pixels -> out[target width * 3].
void resize_row(const std::uint8_t* row, const std::vector<Taps>& taps, float* out) {
  for (const Taps& tap : taps) {
    const std::uint8_t* pixel = row + static_cast<std::size_t>(tap.begin) * 3;
    float red = 0.0f;
    float green = 0.0f;
    float blue = 0.0f;
    for (const float weight : tap.weights) {
      red += static_cast<float>(pixel[0]) * weight;
      green += static_cast<float>(pixel[1]) * weight;
      blue += static_cast<float>(pixel[2]) * weight;
      pixel += 3;
    }
    *out++ = red;
    *out++ = green;
    *out++ = blue;
  }
}

// Half to even, as torch.round does.
std::uint8_t round_to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(std::nearbyint(value), 0.0f, 255.0f));
}

}  // namespace

std::vector<std::uint8_t> resize_antialiased(const RgbImage& image, int size) {
  check(image.width > 0 && image.height > 0 && size > 0 &&
            image.pixels.size() == static_cast<std::size_t>(image.width) * image.height * 3,
        "resize_antialiased: the image's buffer does not fit its size");
  const std::vector<Taps> columns = antialias_taps(image.width, size);
  const std::vector<Taps> rows = antialias_taps(image.height, size);
  const std::size_t out_stride = static_cast<std::size_t>(size) * 3;
  const std::size_t in_stride = static_cast<std::size_t>(image.width) * 3;

  // Horizontally resized source rows, kept only as long as a destination row may still need them.
  std::size_t window_rows = 0;
  for (const Taps& tap : rows) window_rows = std::max(window_rows, tap.weights.size());
  std::vector<float> window(window_rows * out_stride);
  std::vector<float> sum(out_stride);
  std::vector<std::uint8_t> out(static_cast<std::size_t>(size) * out_stride);
  int next_row = 0;
  for (int y = 0; y < size; ++y) {
    const Taps& tap = rows[y];
    for (const int end = tap.begin + static_cast<int>(tap.weights.size()); next_row < end; ++next_row) {
      resize_row(image.pixels.data() + next_row * in_stride, columns, &window[next_row % window_rows * out_stride]);
    }
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (std::size_t j = 0; j < tap.weights.size(); ++j) {
      const float weight = tap.weights[j];
      const float* row = &window[(tap.begin + j) % window_rows * out_stride];
      for (std::size_t x = 0; x < out_stride; ++x) sum[x] += row[x] * weight;
    }
    std::transform(sum.begin(), sum.end(), out.begin() + static_cast<std::ptrdiff_t>(y * out_stride), round_to_byte);
  }
  return out;
}

std::vector<float> normalized_planes(const std::vector<std::uint8_t>& interleaved, int size) {
  const std::size_t plane = static_cast<std::size_t>(size) * size;
  check(interleaved.size() == plane * 3, "normalized_planes: buffer and size disagree");
  std::vector<float> planes(plane * 3);
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      planes[c * plane + i] = (static_cast<float>(interleaved[i * 3 + c]) / 255.0f - 0.5f) / 0.5f;
    }
  }
  return planes;
}

}  // namespace samcache

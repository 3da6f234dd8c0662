#include "scenes/raster.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace samcache::scenes {
namespace {

constexpr int kLines = 4;  // scan lines to a pixel row; along a line coverage is exact

struct Crossing {
  int line = 0;
  float x = 0;
  int direction = 0;
};

std::vector<Crossing> crossings_of(const std::vector<Contour>& contours, int first_line, int last_line) {
  std::vector<Crossing> crossings;
  for (const Contour& contour : contours) {
    for (std::size_t i = 0; i < contour.size(); ++i) {
      Point a = contour[i];
      Point b = contour[i + 1 == contour.size() ? 0 : i + 1];
      const int direction = a.y < b.y ? 1 : -1;
      if (a.y > b.y) {
        std::swap(a, b);
      }
      const int from = std::max(first_line, static_cast<int>(std::ceil(a.y * kLines - 0.5F)));
      const int to = std::min(last_line, static_cast<int>(std::ceil(b.y * kLines - 0.5F)));
      const float slope = (b.x - a.x) / std::max(b.y - a.y, 1e-9F);
      for (int line = from; line < to; ++line) {
        const float y = (static_cast<float>(line) + 0.5F) / kLines;
        crossings.push_back({line, a.x + (y - a.y) * slope, direction});
      }
    }
  }
  std::sort(crossings.begin(), crossings.end(), [](const Crossing& left, const Crossing& right) {
    return std::tie(left.line, left.x) < std::tie(right.line, right.x);
  });
  return crossings;
}

void add_span(float* row, int width, float from, float to) {
  constexpr float kShare = 1.0F / kLines;
  from = std::clamp(from, 0.0F, static_cast<float>(width));
  to = std::clamp(to, 0.0F, static_cast<float>(width));
  if (to <= from) {
    return;
  }
  const int first = static_cast<int>(from);
  const int last = static_cast<int>(to);
  if (first == last) {
    row[first] += (to - from) * kShare;
    return;
  }
  row[first] += (static_cast<float>(first + 1) - from) * kShare;
  for (int x = first + 1; x < last; ++x) {
    row[x] += kShare;
  }
  if (last < width) {
    row[last] += (to - static_cast<float>(last)) * kShare;
  }
}

}  // namespace

Coverage rasterise(const std::vector<Contour>& contours, int picture_width, int picture_height) {
  const Bounds bounds = bounds_of(contours);
  Coverage coverage;
  coverage.x0 = std::clamp(static_cast<int>(std::floor(bounds.x0)), 0, picture_width);
  coverage.y0 = std::clamp(static_cast<int>(std::floor(bounds.y0)), 0, picture_height);
  coverage.width = std::clamp(static_cast<int>(std::ceil(bounds.x1)), coverage.x0, picture_width) - coverage.x0;
  coverage.height = std::clamp(static_cast<int>(std::ceil(bounds.y1)), coverage.y0, picture_height) - coverage.y0;
  coverage.values.resize(static_cast<std::size_t>(coverage.width) * coverage.height);
  if (coverage.values.empty()) {
    return coverage;
  }
  const int first_line = coverage.y0 * kLines;
  int line = -1;
  int winding = 0;
  float span_start = 0;
  for (const Crossing& crossing : crossings_of(contours, first_line, (coverage.y0 + coverage.height) * kLines)) {
    if (crossing.line != line) {
      line = crossing.line;
      winding = 0;
    }
    const int before = winding;
    winding += crossing.direction;
    if (before == 0) {
      span_start = crossing.x;
    } else if (winding == 0) {
      float* row = coverage.values.data() + static_cast<std::size_t>((line - first_line) / kLines) * coverage.width;
      const auto left = static_cast<float>(coverage.x0);
      add_span(row, coverage.width, span_start - left, crossing.x - left);
    }
  }
  return coverage;
}

Coverage eroded(const Coverage& coverage, int radius) {
  Coverage across = coverage;
  const int right = coverage.x0 + coverage.width - 1;
  const int bottom = coverage.y0 + coverage.height - 1;
  // Beyond the window nothing is covered, or, at the picture's edge, nothing is known: there the rim shows too.
  for (int y = coverage.y0; y <= bottom; ++y) {
    for (int x = coverage.x0; x <= right; ++x) {
      float least = x - radius < coverage.x0 || x + radius > right ? 0.0F : 1.0F;
      for (int k = std::max(x - radius, coverage.x0); k <= std::min(x + radius, right); ++k) {
        least = std::min(least, coverage.at(k, y));
      }
      across.at(x, y) = least;
    }
  }
  Coverage result = across;
  for (int y = coverage.y0; y <= bottom; ++y) {
    for (int x = coverage.x0; x <= right; ++x) {
      float least = y - radius < coverage.y0 || y + radius > bottom ? 0.0F : 1.0F;
      for (int k = std::max(y - radius, coverage.y0); k <= std::min(y + radius, bottom); ++k) {
        least = std::min(least, across.at(x, k));
      }
      result.at(x, y) = least;
    }
  }
  return result;
}

namespace {

// The mean of 2 * radius + 1 neighbours, `step` apart, for each of `count` values.
void box_blur(const float* in, float* out, int count, int step, int radius) {
  const float share = 1.0F / static_cast<float>(2 * radius + 1);
  float sum = 0;
  for (int i = 0; i < std::min(radius, count); ++i) {
    sum += in[i * step];
  }
  for (int i = 0; i < count; ++i) {
    if (i + radius < count) {
      sum += in[(i + radius) * step];
    }
    if (i - radius - 1 >= 0) {
      sum -= in[(i - radius - 1) * step];
    }
    out[i * step] = sum * share;
  }
}

}  // namespace

Coverage softened(const Coverage& coverage, int radius) {
  Coverage result;
  result.x0 = coverage.x0 - radius;
  result.y0 = coverage.y0 - radius;
  result.width = coverage.width + 2 * radius;
  result.height = coverage.height + 2 * radius;
  result.values.resize(static_cast<std::size_t>(result.width) * result.height);
  for (int y = 0; y < coverage.height; ++y) {
    std::copy_n(coverage.values.data() + static_cast<std::size_t>(y) * coverage.width, coverage.width,
                result.values.data() + static_cast<std::size_t>(y + radius) * result.width + radius);
  }
  std::vector<float> scratch(result.values.size());
  const int half = std::max(1, radius / 2);
  for (int pass = 0; pass < 2; ++pass) {  // a box twice is a tent
    for (int y = 0; y < result.height; ++y) {
      const auto row = static_cast<std::size_t>(y) * result.width;
      box_blur(result.values.data() + row, scratch.data() + row, result.width, 1, half);
    }
    for (int x = 0; x < result.width; ++x) {
      box_blur(scratch.data() + x, result.values.data() + x, result.height, result.width, half);
    }
  }
  return result;
}

}  // namespace samcache::scenes

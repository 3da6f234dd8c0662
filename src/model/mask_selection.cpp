#include "model/mask_selection.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "base/error.h"

namespace samcache {
namespace {

constexpr float kFilled = 10.0f;
constexpr float kLogitLimit = 32.0f;

// 8-connected regions of the pixels where `inside` holds: union-find over one raster scan. label[i] is the root of
// pixel i's region (-1 outside), area[root] its size.
class Regions {
 public:
  Regions(const std::vector<std::uint8_t>& inside, int side) : label_(inside.size(), -1), area_(inside.size(), 0) {
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const int i = y * side + x;
        if (!inside[i]) continue;
        label_[i] = i;
        if (x > 0) join(i, i - 1);
        if (y == 0) continue;
        join(i, i - side);
        if (x > 0) join(i, i - side - 1);
        if (x + 1 < side) join(i, i - side + 1);
      }
    }
    for (int i = 0; i < static_cast<int>(label_.size()); ++i) {
      if (label_[i] >= 0) ++area_[root(i)];
    }
  }

  // 0 for a pixel outside every region.
  int area_at(int i) { return label_[i] < 0 ? 0 : area_[root(i)]; }

 private:
  int root(int i) {
    while (label_[i] != i) {
      label_[i] = label_[label_[i]];
      i = label_[i];
    }
    return i;
  }
  void join(int i, int neighbour) {
    if (label_[neighbour] < 0) return;
    const int a = root(i);
    const int b = root(neighbour);
    if (a < b) {
      label_[b] = a;
    } else {
      label_[a] = b;
    }
  }

  std::vector<int> label_;
  std::vector<int> area_;
};

void fill_small_regions(std::span<float> logits, const std::vector<std::uint8_t>& inside, int side, int max_area,
                        float value) {
  Regions regions(inside, side);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const int area = regions.area_at(static_cast<int>(i));
    if (area > 0 && area <= max_area) logits[i] = value;
  }
}

// Where a destination pixel falls between two source pixels.
struct Between {
  int first, second;
  float weight_first, weight_second;
};

std::vector<Between> bilinear_positions(int source_size, int target_size) {
  const float scale = static_cast<float>(source_size) / static_cast<float>(target_size);
  std::vector<Between> positions(target_size);
  for (int i = 0; i < target_size; ++i) {
    const float at = std::max(scale * (static_cast<float>(i) + 0.5f) - 0.5f, 0.0f);
    const int first = std::min(static_cast<int>(at), source_size - 1);
    const float fraction = std::min(std::max(at - static_cast<float>(first), 0.0f), 1.0f);
    positions[i] = {first, first + (first < source_size - 1 ? 1 : 0), 1.0f - fraction, fraction};
  }
  return positions;
}

// Enlarges row by row: emit(y, upper row, upper weight, lower row, lower weight), rows already at full width.
template <class Emit>
void for_each_enlarged_row(std::span<const float> logits, int side, int width, int height, Emit emit) {
  check(logits.size() == static_cast<std::size_t>(side) * side && width > 0 && height > 0,
        "enlarge: the mask's buffer does not fit its size");
  const std::vector<Between> columns = bilinear_positions(side, width);
  const std::vector<Between> rows = bilinear_positions(side, height);
  std::vector<float> upper(width);
  std::vector<float> lower(width);
  int upper_row = -1;
  int lower_row = -1;
  const auto widen_row = [&](int row, std::vector<float>& out) {
    const float* source = logits.data() + static_cast<std::size_t>(row) * side;
    for (int x = 0; x < width; ++x) {
      const Between& c = columns[x];
      out[x] = c.weight_first * source[c.first] + c.weight_second * source[c.second];
    }
  };
  for (int y = 0; y < height; ++y) {
    const Between& r = rows[y];
    if (r.first == lower_row && r.first != upper_row) {
      std::swap(upper, lower);
      std::swap(upper_row, lower_row);
    }
    if (r.first != upper_row) widen_row(upper_row = r.first, upper);
    if (r.second != lower_row) widen_row(lower_row = r.second, lower);
    emit(y, upper.data(), r.weight_first, lower.data(), r.weight_second);
  }
}

}  // namespace

double stability_score(std::span<const float> logits, float delta) {
  const auto above = [&](float limit) {
    return std::count_if(logits.begin(), logits.end(), [limit](float x) { return x > limit; });
  };
  const auto outer = above(-delta);
  return outer == 0 ? 1.0 : static_cast<double>(above(delta)) / static_cast<double>(outer);
}

std::vector<int> select_candidates(const MaskDecoderConfig& config, std::span<const float> first_mask,
                                   std::span<const float> iou, bool multimask) {
  std::vector<int> alternatives(iou.size() - 1);
  std::iota(alternatives.begin(), alternatives.end(), 1);
  if (multimask) return alternatives;
  if (!config.stability_fallback || alternatives.empty()) return {0};
  if (stability_score(first_mask, static_cast<float>(config.stability_delta)) >= config.stability_threshold) return {0};
  return {*std::max_element(alternatives.begin(), alternatives.end(), [&](int a, int b) { return iou[a] < iou[b]; })};
}

void clean_mask(std::span<float> logits, int side, const CleaningOptions& options) {
  check(logits.size() == static_cast<std::size_t>(side) * side, "clean_mask: the buffer does not fit the side");
  std::vector<std::uint8_t> foreground(logits.size());
  std::vector<std::uint8_t> background(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    foreground[i] = logits[i] > 0.0f;
    background[i] = !foreground[i];
  }
  if (options.max_hole_area > 0) fill_small_regions(logits, background, side, options.max_hole_area, kFilled);
  if (options.max_sprinkle_area > 0) fill_small_regions(logits, foreground, side, options.max_sprinkle_area, -kFilled);
}

void clamp_logits(std::span<float> logits) {
  for (float& x : logits) x = std::clamp(x, -kLogitLimit, kLogitLimit);
}

std::vector<float> enlarge_logits(std::span<const float> logits, int side, int width, int height) {
  std::vector<float> out(static_cast<std::size_t>(width) * height);
  for_each_enlarged_row(logits, side, width, height,
                        [&](int y, const float* upper, float upper_weight, const float* lower, float lower_weight) {
                          float* row = out.data() + static_cast<std::size_t>(y) * width;
                          for (int x = 0; x < width; ++x) row[x] = upper_weight * upper[x] + lower_weight * lower[x];
                        });
  return out;
}

BinaryMask enlarge_mask(std::span<const float> logits, int side, int width, int height) {
  BinaryMask mask{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height)};
  for_each_enlarged_row(logits, side, width, height,
                        [&](int y, const float* upper, float upper_weight, const float* lower, float lower_weight) {
                          std::uint8_t* row = mask.pixels.data() + static_cast<std::size_t>(y) * width;
                          for (int x = 0; x < width; ++x) {
                            row[x] = upper_weight * upper[x] + lower_weight * lower[x] > 0.0f;
                          }
                        });
  return mask;
}

}  // namespace samcache

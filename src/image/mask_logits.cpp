#include "image/mask_logits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace samcache {
namespace {

constexpr float kDrawnLogit = 10.0F;

// Of `size` pixels squeezed or stretched into `cells`: which pixels make up a cell, and how much of each.
struct CellWeights {
  int first = 0;
  std::vector<float> weights;  // sum 1
};

std::vector<CellWeights> cell_weights(int size, int cells) {
  std::vector<CellWeights> all(static_cast<std::size_t>(cells));
  const double pixels_per_cell = static_cast<double>(size) / cells;
  for (int cell = 0; cell < cells; ++cell) {
    const double begin = cell * pixels_per_cell;
    const double end = std::min((cell + 1) * pixels_per_cell, static_cast<double>(size));
    CellWeights& weights = all[cell];
    weights.first = std::min(static_cast<int>(begin), size - 1);
    for (int pixel = weights.first; pixel < size && (pixel < end || weights.weights.empty()); ++pixel) {
      const double covered = std::min(end, pixel + 1.0) - std::max(begin, static_cast<double>(pixel));
      if (covered > 0 || weights.weights.empty()) {
        weights.weights.push_back(static_cast<float>(std::max(covered, 0.0) / pixels_per_cell));
      }
    }
  }
  return all;
}

}  // namespace

std::vector<float> logits_from_mask(const BinaryMask& mask, int side) {
  const std::vector<CellWeights> columns = cell_weights(mask.width, side);
  const std::vector<CellWeights> rows = cell_weights(mask.height, side);
  const auto width = static_cast<std::size_t>(mask.width);
  std::vector<float> logits(static_cast<std::size_t>(side) * side);
  std::vector<float> row_mean(width);
  for (int y = 0; y < side; ++y) {
    std::fill(row_mean.begin(), row_mean.end(), 0.0F);
    for (std::size_t i = 0; i < rows[y].weights.size(); ++i) {
      const std::uint8_t* source = mask.pixels.data() + (rows[y].first + i) * width;
      for (std::size_t x = 0; x < width; ++x) row_mean[x] += rows[y].weights[i] * static_cast<float>(source[x]);
    }
    for (int x = 0; x < side; ++x) {
      float covered = 0;
      for (std::size_t i = 0; i < columns[x].weights.size(); ++i) {
        covered += columns[x].weights[i] * row_mean[columns[x].first + i];
      }
      logits[static_cast<std::size_t>(y) * side + x] = (2 * std::clamp(covered, 0.0F, 1.0F) - 1) * kDrawnLogit;
    }
  }
  return logits;
}

}  // namespace samcache

#include "image/orientation.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace samcache {

RgbImage upright(RgbImage stored, int orientation) {
  if (orientation < 2 || orientation > 8) return stored;
  const bool swaps_axes = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  RgbImage result;
  result.width = swaps_axes ? stored.height : stored.width;
  result.height = swaps_axes ? stored.width : stored.height;
  result.pixels.resize(stored.pixels.size());

  // The stored pixel under the result's (x, y) is start + x * step_x + y * step_y.
  const std::ptrdiff_t stored_x = 3;
  const std::ptrdiff_t stored_y = std::ptrdiff_t{3} * stored.width;
  const std::ptrdiff_t along_x = from_right ? -stored_x : stored_x;
  const std::ptrdiff_t along_y = from_bottom ? -stored_y : stored_y;
  const std::ptrdiff_t start =
      (from_right ? stored_x * (stored.width - 1) : 0) + (from_bottom ? stored_y * (stored.height - 1) : 0);
  const std::ptrdiff_t step_x = swaps_axes ? along_y : along_x;
  const std::ptrdiff_t step_y = swaps_axes ? along_x : along_y;

  // In tiles, so that the columns of one picture that are the rows of the other stay in cache.
  constexpr int kTile = 64;
  for (int tile_y = 0; tile_y < result.height; tile_y += kTile) {
    for (int tile_x = 0; tile_x < result.width; tile_x += kTile) {
      const int end_y = std::min(tile_y + kTile, result.height);
      const int end_x = std::min(tile_x + kTile, result.width);
      for (int y = tile_y; y < end_y; ++y) {
        const std::uint8_t* from = stored.pixels.data() + start + tile_x * step_x + y * step_y;
        std::uint8_t* to = result.pixels.data() + (static_cast<std::size_t>(y) * result.width + tile_x) * 3;
        for (int x = tile_x; x < end_x; ++x, from += step_x, to += 3) {
          to[0] = from[0];
          to[1] = from[1];
          to[2] = from[2];
        }
      }
    }
  }
  return result;
}

}  // namespace samcache

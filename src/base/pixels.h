// Plain pixel buffers that the engine and the image code pass to each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace samcache {

// 8-bit RGB, interleaved, rows without padding: pixel (x, y) starts at pixels[(y * width + x) * 3].
struct RgbImage {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

// One byte a pixel, 0 or 1, row-major: pixel (x, y) is pixels[y * width + x].
struct BinaryMask {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;

  bool at(int x, int y) const { return pixels[static_cast<std::size_t>(y) * width + x] != 0; }
};

}  // namespace samcache

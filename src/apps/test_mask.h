// A mask to write down, for the tests of apps/.
#pragma once

#include "base/pixels.h"

namespace samcache {

// 8 x 6, set in columns 1..3, rows 2..4.
inline BinaryMask square() {
  BinaryMask mask{8, 6, std::vector<std::uint8_t>(48)};
  for (int y = 2; y < 5; ++y) {
    for (int x = 1; x < 4; ++x) mask.pixels[y * 8 + x] = 1;
  }
  return mask;
}

}  // namespace samcache

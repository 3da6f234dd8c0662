// A picture while it is being painted.
#pragma once

#include <vector>

#include "scenes/palette.h"

namespace samcache::scenes {

struct Picture {
  int width = 0;
  int height = 0;
  std::vector<Rgb> pixels;  // row-major; may leave 0 to 255 until it is rounded

  Rgb& at(int x, int y) { return pixels[static_cast<std::size_t>(y) * width + x]; }
  const Rgb& at(int x, int y) const { return pixels[static_cast<std::size_t>(y) * width + x]; }
};

}  // namespace samcache::scenes

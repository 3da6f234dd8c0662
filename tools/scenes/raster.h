// How much of each pixel a shape covers, and what can be done with that.
#pragma once

#include <vector>

#include "scenes/geometry.h"

namespace samcache::scenes {

// Of the pixels of a window of the picture; 0 outside it.
struct Coverage {
  int x0 = 0;
  int y0 = 0;
  int width = 0;
  int height = 0;
  std::vector<float> values;  // 0 to 1, row-major

  float& at(int x, int y) { return values[static_cast<std::size_t>(y - y0) * width + (x - x0)]; }
  float at(int x, int y) const { return values[static_cast<std::size_t>(y - y0) * width + (x - x0)]; }
  float at_or_zero(int x, int y) const {
    return x < x0 || y < y0 || x >= x0 + width || y >= y0 + height ? 0.0F : at(x, y);
  }
};

// Contours in pixels, filled where their winding number is not 0. The window is what of them lies in the picture.
Coverage rasterise(const std::vector<Contour>& contours, int picture_width, int picture_height);

// The least coverage within that many pixels across and down: the shape without its rim.
Coverage eroded(const Coverage& coverage, int radius);

// Blurred softly over about `radius` pixels, in a window that much larger (it may leave the picture).
Coverage softened(const Coverage& coverage, int radius);

}  // namespace samcache::scenes

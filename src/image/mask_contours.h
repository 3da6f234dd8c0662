// The pixel outlines of a mask: the closed paths along pixel edges between set and unset pixels. Private to src/image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/pixels.h"

namespace samcache {

struct PixelCorner {
  std::int32_t x;
  std::int32_t y;
};

// Corners of a path in order, with set pixels on the right hand: outer paths run clockwise on the screen, holes the
// other way. Only corners at which the path turns are there.
struct PixelContour {
  std::vector<PixelCorner> corners;
  std::size_t region;  // numbered in the order in which their first pixels come, row by row
  bool is_hole;
};

// Regions are 8-connected. An outer contour comes before the holes of its region. The mask must be binary.
std::vector<PixelContour> trace_contours(const BinaryMask& mask);

}  // namespace samcache

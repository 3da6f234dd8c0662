// A mask as rings of points, as polygons in annotation tools want them: no holes.
#pragma once

#include <array>
#include <vector>

#include "base/pixels.h"

namespace samcache {

using RingPoint = std::array<float, 2>;

// The outer rings, the largest first. `fineness`: how far a ring may leave the outline, as a part of the outline's
// length; 0 gives the pixels' own outline. Regions smaller than a fifth of the average are left out.
std::vector<std::vector<RingPoint>> rings_of_mask(const BinaryMask& mask, double fineness);

}  // namespace samcache

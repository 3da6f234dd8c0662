// EXIF orientation. Private to src/image.
#pragma once

#include "base/pixels.h"

namespace samcache {

// The upright picture from pixels as the sensor stored them. `orientation` is EXIF's: 1 upright, 2 mirrored, 3 upside
// down, 4 flipped, 5 transposed, 6 to be turned clockwise, 7 transversed, 8 to be turned counter-clockwise; any other
// number counts as 1.
RgbImage upright(RgbImage stored, int orientation);

}  // namespace samcache

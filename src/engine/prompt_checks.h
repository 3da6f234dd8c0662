// Whether the shapes of a prompt lie in the picture. Internal to engine/.
//
// Pixels, origin top left; a picture's far edges count. Fails with kInvalidArgument: outside, empty, not a number.
#pragma once

#include <array>

#include "base/error.h"

namespace samcache {

Status check_point(float x, float y, int width, int height);
Status check_box(const std::array<float, 4>& corners, int width, int height);  // x0, y0, x1, y1

}  // namespace samcache

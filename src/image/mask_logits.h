// A mask that somebody drew, as the logits that a prompt starts from.
#pragma once

#include <vector>

#include "base/pixels.h"

namespace samcache {

// [height, width] of 0 and 1 -> [side, side] of -10..10: +10 inside and -10 outside, averaged over the area of each
// cell.
std::vector<float> logits_from_mask(const BinaryMask& mask, int side);

}  // namespace samcache

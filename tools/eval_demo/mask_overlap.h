// How well two masks agree.
#pragma once

#include "base/pixels.h"

namespace samcache::eval {

// Intersection over union of two masks of one size; 1 when both are empty.
double mask_iou(const BinaryMask& a, const BinaryMask& b);

// The pixels that are in `a` and not in `b`.
BinaryMask without(const BinaryMask& a, const BinaryMask& b);

}  // namespace samcache::eval

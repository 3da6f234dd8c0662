// Masks as Label Studio's brush wants them: run lengths in a stream of bits, most significant bit first.
//
//   32 bits         number of values: four a pixel (red, green, blue, alpha), rows from the top
//   5 bits          bits of a value, less one: 7
//   4 x 4 bits      widths of the lengths below, less one: 3, 4, 8 and 16 bits
//   for each run    1 bit: 1 for one value repeated, 0 for values one by one; 2 bits: which width; that many bits:
//                   length less one; the value (for a 0: each value)
//   then            zero bits to the end of the byte, a whole byte of them where it ended already
//
// The choice of widths is that of Label Studio's own converter, byte for byte, so that both write the same.
#pragma once

#include <cstdint>
#include <vector>

#include "base/pixels.h"

namespace samcache {

// Pixels of the mask are 255 in all four channels, others 0. For up to 2^30 pixels.
std::vector<std::uint8_t> brush_rle_from_mask(const BinaryMask& mask);

}  // namespace samcache

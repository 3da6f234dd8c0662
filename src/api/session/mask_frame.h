// A mask as one binary WebSocket frame, which a browser decodes in a loop of ten lines (docs/websocket.md).
//
//   offset  size  little-endian
//        0     4  "SCM1"
//        4     4  answer: the "answer" of the JSON that the frame belongs to
//        8     4  index of the mask in it
//       12     4  width
//       16     4  height
//       20     4  number of runs
//       24     …  the runs, LEB128 each: pixels outside and inside in turn, outside first, row by row
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

struct MaskFrame {
  std::uint32_t answer = 0;
  std::uint32_t index = 0;
  BinaryMask mask;
};

std::vector<std::byte> mask_frame_bytes(std::uint32_t answer, std::uint32_t index, const BinaryMask& mask);
// Of a frame made above.
void set_mask_frame_index(std::span<std::byte> frame, std::uint32_t index);

// kCorrupt: no such frame; kTooLarge: more pixels than kMaxMaskPixels.
Result<MaskFrame> parse_mask_frame(std::span<const std::byte> bytes);

}  // namespace samcache

// The header and the block table of a frame (wire_codec.h has the format): written, and read with every size checked.
// Internal to wire/.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "store/wire/wire_codec.h"

namespace samcache {

inline constexpr std::size_t kWireHeaderBytes = 64;
inline constexpr std::size_t kWireTableEntryBytes = 4;
inline constexpr std::uint32_t kMinWireBlockBytes = 4096;
inline constexpr std::uint32_t kMaxWireBlockBytes = 1 << 24;

struct WireHeader {
  WireTransform transform = WireTransform::kPlain;
  std::uint32_t block_bytes = 0;
  std::uint64_t original_bytes = 0;
  std::uint64_t frame_bytes = 0;
  std::array<std::byte, 16> digest = {};
};

// What a block of `original_bytes` is cut into.
struct WireBlockShape {
  std::size_t words;       // and so many bytes has the plane
  std::size_t rest_bytes;  // raw parts of the words, together
  std::size_t tail_bytes;  // after the last whole word
};
WireBlockShape wire_block_shape(WireTransform transform, std::size_t original_bytes);

std::size_t wire_block_count(const WireHeader& header);
// Original bytes of block `index`.
std::size_t wire_block_bytes(const WireHeader& header, std::size_t index);

void write_wire_header(const WireHeader& header, std::byte* to);
// `block_index`'s place in the table of the frame that begins at `frame`.
void write_wire_table_entry(std::byte* frame, std::size_t block_index, std::uint32_t entropy_bytes);
std::uint32_t read_wire_table_entry(const std::byte* frame, std::size_t block_index);

// The header, once all sizes in it and in the table agree with each other and with the frame's size; what the blocks
// hold is not looked at.
Result<WireHeader> read_wire_header(ByteSpan frame);

std::array<std::byte, 16> digest_of_hex(const std::string& hex);

}  // namespace samcache

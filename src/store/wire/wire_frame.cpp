#include "store/wire/wire_frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace samcache {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are read and written as this machine's integers");

constexpr unsigned char kMagic[8] = {0x93, 'S', 'C', 'W', 'I', 'R', 'E', '\n'};
constexpr std::uint8_t kVersion = 1;

constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kTransformAt = 9;
constexpr std::size_t kBlockBytesAt = 12;
constexpr std::size_t kOriginalBytesAt = 16;
constexpr std::size_t kFrameBytesAt = 24;
constexpr std::size_t kDigestAt = 32;

template <class T>
T read_at(const std::byte* from, std::size_t offset) {
  T value;
  std::memcpy(&value, from + offset, sizeof(T));
  return value;
}

template <class T>
void write_at(std::byte* to, std::size_t offset, T value) {
  std::memcpy(to + offset, &value, sizeof(T));
}

Error corrupt(const std::string& what) { return {ErrorCode::kCorrupt, "not a sound wire frame: " + what}; }

bool all_zero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// The frame's size as the table has it; requires that the table lies within `frame`.
Result<std::uint64_t> size_by_table(const WireHeader& header, const std::byte* frame, std::size_t blocks) {
  std::uint64_t total_bytes = kWireHeaderBytes + blocks * kWireTableEntryBytes;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t original_bytes = wire_block_bytes(header, i);
    const std::uint32_t entropy_bytes = read_wire_table_entry(frame, i);
    if (entropy_bytes == 0) {
      total_bytes += original_bytes;
      continue;
    }
    const WireBlockShape shape = wire_block_shape(header.transform, original_bytes);
    if (entropy_bytes > shape.words) return corrupt("block " + std::to_string(i) + " is larger than what it holds");
    total_bytes += shape.rest_bytes + shape.tail_bytes + entropy_bytes;
  }
  return total_bytes;
}

Status check_sizes(const WireHeader& header, ByteSpan frame) {
  if (header.frame_bytes != frame.size()) {
    return corrupt("it says it has " + std::to_string(header.frame_bytes) + " bytes, there are " +
                   std::to_string(frame.size()));
  }
  const std::uint64_t payload_bytes = frame.size() - kWireHeaderBytes;
  if (header.transform == WireTransform::kPlain) {
    if (header.block_bytes == 0 && header.original_bytes == payload_bytes) return {};
    return corrupt("its sizes do not agree");
  }
  if (header.block_bytes < kMinWireBlockBytes || header.block_bytes > kMaxWireBlockBytes ||
      header.block_bytes % 4 != 0) {
    return corrupt("a block size of " + std::to_string(header.block_bytes));
  }
  // At most this many blocks fit, and so the table lies within the frame.
  if (header.original_bytes / header.block_bytes >= payload_bytes / kWireTableEntryBytes) {
    return corrupt("its sizes do not agree");
  }
  const auto total_bytes = size_by_table(header, frame.data(), wire_block_count(header));
  if (!total_bytes) return total_bytes.error();
  if (*total_bytes != frame.size()) return corrupt("its sizes do not agree");
  return {};
}

}  // namespace

bool is_wire_frame(ByteSpan bytes) {
  return bytes.size() >= sizeof(kMagic) && std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) == 0;
}

WireBlockShape wire_block_shape(WireTransform transform, std::size_t original_bytes) {
  const std::size_t word_bytes = transform == WireTransform::kFp32 ? 4 : 2;
  const std::size_t words = original_bytes / word_bytes;
  return {.words = words, .rest_bytes = words * (word_bytes - 1), .tail_bytes = original_bytes % word_bytes};
}

std::size_t wire_block_count(const WireHeader& header) {
  if (header.transform == WireTransform::kPlain) return 0;
  return header.original_bytes / header.block_bytes + (header.original_bytes % header.block_bytes != 0 ? 1 : 0);
}

std::size_t wire_block_bytes(const WireHeader& header, std::size_t index) {
  return std::min<std::uint64_t>(header.block_bytes, header.original_bytes - std::uint64_t{header.block_bytes} * index);
}

void write_wire_header(const WireHeader& header, std::byte* to) {
  std::memset(to, 0, kWireHeaderBytes);
  std::memcpy(to, kMagic, sizeof(kMagic));
  write_at(to, kVersionAt, kVersion);
  write_at(to, kTransformAt, header.transform);
  write_at(to, kBlockBytesAt, header.block_bytes);
  write_at(to, kOriginalBytesAt, header.original_bytes);
  write_at(to, kFrameBytesAt, header.frame_bytes);
  write_at(to, kDigestAt, header.digest);
}

void write_wire_table_entry(std::byte* frame, std::size_t block_index, std::uint32_t entropy_bytes) {
  write_at(frame, kWireHeaderBytes + block_index * kWireTableEntryBytes, entropy_bytes);
}

std::uint32_t read_wire_table_entry(const std::byte* frame, std::size_t block_index) {
  return read_at<std::uint32_t>(frame, kWireHeaderBytes + block_index * kWireTableEntryBytes);
}

Result<WireHeader> read_wire_header(ByteSpan frame) {
  if (!is_wire_frame(frame)) return corrupt("it does not begin as one");
  if (frame.size() < kWireHeaderBytes) return corrupt("it ends within its header");
  const auto version = read_at<std::uint8_t>(frame.data(), kVersionAt);
  if (version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 "a wire frame of version " + std::to_string(version) + ": this program reads version 1"};
  }
  const auto transform = read_at<std::uint8_t>(frame.data(), kTransformAt);
  if (transform > static_cast<std::uint8_t>(WireTransform::kFp32)) {
    return corrupt("an unknown transform, " + std::to_string(transform));
  }
  if (!all_zero(frame.subspan(10, 2)) || !all_zero(frame.subspan(48, 16))) return corrupt("its padding is not zero");
  const WireHeader header{.transform = static_cast<WireTransform>(transform),
                          .block_bytes = read_at<std::uint32_t>(frame.data(), kBlockBytesAt),
                          .original_bytes = read_at<std::uint64_t>(frame.data(), kOriginalBytesAt),
                          .frame_bytes = read_at<std::uint64_t>(frame.data(), kFrameBytesAt),
                          .digest = read_at<std::array<std::byte, 16>>(frame.data(), kDigestAt)};
  if (Status status = check_sizes(header, frame); !status) return status.error();
  return header;
}

std::array<std::byte, 16> digest_of_hex(const std::string& hex) {
  std::array<std::byte, 16> digest;
  check(hex.size() == 2 * digest.size(), "digest_of_hex: " + hex);
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return digest;
}

}  // namespace samcache

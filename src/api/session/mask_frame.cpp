#include "api/session/mask_frame.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "image/mask_codec.h"

namespace samcache {
namespace {

constexpr std::array<char, 4> kMagic = {'S', 'C', 'M', '1'};
constexpr std::size_t kHeaderBytes = 24;
constexpr std::size_t kIndexOffset = 8;
constexpr std::size_t kRunCountOffset = 20;

void put_u32(std::byte* place, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) place[i] = static_cast<std::byte>(value >> (8 * i));
}

std::uint32_t get_u32(const std::byte* place) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(place[i]) << (8 * i);
  return value;
}

void append_run(std::vector<std::byte>& out, std::size_t run) {
  while (run >= 0x80) {
    out.push_back(static_cast<std::byte>(run | 0x80));
    run >>= 7;
  }
  out.push_back(static_cast<std::byte>(run));
}

Error damaged(const char* why) { return {ErrorCode::kCorrupt, std::string("this is no mask frame: ") + why}; }

// One run from `bytes`, which moves on past it; false: there is none, or it is longer than any mask.
bool take_run(std::span<const std::byte>& bytes, std::uint64_t& run) {
  run = 0;
  for (int shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(bytes.front());
    bytes = bytes.subspan(1);
    run |= (byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

}  // namespace

std::vector<std::byte> mask_frame_bytes(std::uint32_t answer, std::uint32_t index, const BinaryMask& mask) {
  std::vector<std::byte> out(kHeaderBytes);
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  put_u32(&out[4], answer);
  put_u32(&out[kIndexOffset], index);
  put_u32(&out[12], static_cast<std::uint32_t>(mask.width));
  put_u32(&out[16], static_cast<std::uint32_t>(mask.height));
  std::uint32_t runs = 0;
  std::uint8_t value = 0;
  for (auto at = mask.pixels.begin(); at != mask.pixels.end(); value ^= 1, ++runs) {
    const auto end = std::find(at, mask.pixels.end(), static_cast<std::uint8_t>(value ^ 1));
    append_run(out, static_cast<std::size_t>(end - at));
    at = end;
  }
  put_u32(&out[kRunCountOffset], runs);
  return out;
}

void set_mask_frame_index(std::span<std::byte> frame, std::uint32_t index) { put_u32(&frame[kIndexOffset], index); }

Result<MaskFrame> parse_mask_frame(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return damaged("the header is missing");
  }
  const std::uint64_t width = get_u32(&bytes[12]);
  const std::uint64_t height = get_u32(&bytes[16]);
  const std::uint32_t runs = get_u32(&bytes[kRunCountOffset]);
  if (width > kMaxMaskPixels || height > kMaxMaskPixels || width * height > kMaxMaskPixels) {
    return Error{ErrorCode::kTooLarge, "a mask frame of more pixels than are read"};
  }
  MaskFrame frame{.answer = get_u32(&bytes[4]),
                  .index = get_u32(&bytes[kIndexOffset]),
                  .mask = {.width = static_cast<int>(width), .height = static_cast<int>(height), .pixels = {}}};
  frame.mask.pixels.reserve(width * height);
  std::span<const std::byte> rest = bytes.subspan(kHeaderBytes);
  for (std::uint32_t i = 0; i < runs; ++i) {
    std::uint64_t run = 0;
    if (!take_run(rest, run)) return damaged("a run is cut off");
    if (run > width * height - frame.mask.pixels.size()) return damaged("the runs are longer than the mask");
    frame.mask.pixels.insert(frame.mask.pixels.end(), run, static_cast<std::uint8_t>(i % 2));
  }
  if (!rest.empty() || frame.mask.pixels.size() != width * height) return damaged("the runs do not make up the mask");
  return frame;
}

}  // namespace samcache

#include "api/adapters/brush_rle.h"

#include <algorithm>
#include <cstddef>

#include "base/error.h"

namespace samcache {
namespace {

constexpr unsigned kWidths[] = {3, 4, 8, 16};  // of lengths, bits
constexpr unsigned kValueBits = 8;
constexpr std::uint64_t kChannels = 4;
constexpr std::uint64_t kLongest = 1 << 16;

class BitWriter {
 public:
  void put(std::uint64_t value, unsigned count) {
    pending_ = pending_ << count | value;
    for (pending_count_ += count; pending_count_ >= 8; pending_count_ -= 8) {
      bytes_.push_back(static_cast<std::uint8_t>(pending_ >> (pending_count_ - 8)));
    }
  }
  std::vector<std::uint8_t> finish() && {
    put(0, 8 - pending_count_);
    return std::move(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint64_t pending_ = 0;  // the last `pending_count_` bits are still to be written
  unsigned pending_count_ = 0;
};

void put_header(BitWriter& bits, std::uint64_t value_count) {
  bits.put(value_count, 32);
  bits.put(kValueBits - 1, 5);
  for (const unsigned width : kWidths) bits.put(width - 1, 4);
}

// One run of at most kLongest values.
void put_piece(BitWriter& bits, std::uint64_t length, unsigned width_index, std::uint8_t value) {
  bits.put(1, 1);
  bits.put(width_index, 2);
  bits.put(length - 1, kWidths[width_index]);
  bits.put(value, kValueBits);
}

// A pixel is four values, so no run is shorter; what is left over of one longer than kLongest keeps the widest length.
void put_run(BitWriter& bits, std::uint64_t length, std::uint8_t value) {
  if (length <= 8) return put_piece(bits, length, 0, value);
  if (length <= 16) return put_piece(bits, length, 1, value);
  if (length <= 256) return put_piece(bits, length, 2, value);
  for (; length > kLongest; length -= kLongest) put_piece(bits, kLongest, 3, value);
  put_piece(bits, length, 3, value);
}

}  // namespace

std::vector<std::uint8_t> brush_rle_from_mask(const BinaryMask& mask) {
  const std::uint64_t value_count = mask.pixels.size() * kChannels;
  check(value_count <= UINT32_MAX, "brush_rle_from_mask: too many pixels");
  BitWriter bits;
  put_header(bits, value_count);
  for (auto run = mask.pixels.begin(); run != mask.pixels.end();) {
    const auto end = std::find(run, mask.pixels.end(), *run == 0 ? 1 : 0);
    put_run(bits, static_cast<std::uint64_t>(end - run) * kChannels, *run == 0 ? 0 : 255);
    run = end;
  }
  return std::move(bits).finish();
}

}  // namespace samcache

#include "api/adapters/brush_rle.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>

namespace samcache {
namespace {

using Bytes = std::vector<std::uint8_t>;

BinaryMask mask_of(const std::vector<std::string>& rows) {
  BinaryMask mask{
      .width = static_cast<int>(rows.front().size()), .height = static_cast<int>(rows.size()), .pixels = {}};
  for (const std::string& row : rows) {
    for (const char c : row) mask.pixels.push_back(c == '1' ? 1 : 0);
  }
  return mask;
}

// The other direction, as Label Studio's brush reads it: one value after the other, bit by bit.
class Reader {
 public:
  explicit Reader(const Bytes& bytes) : bytes_(bytes) {}

  std::uint32_t take(unsigned count) {
    std::uint32_t value = 0;
    for (; count > 0; --count, ++position_) {
      const std::uint32_t byte = bytes_.at(position_ / 8);
      value = value << 1 | (byte >> (7 - position_ % 8) & 1);
    }
    return value;
  }
  std::size_t bits_left() const { return bytes_.size() * 8 - position_; }

 private:
  const Bytes& bytes_;
  std::size_t position_ = 0;
};

Bytes values_of(const Bytes& rle) {
  Reader reader(rle);
  const std::uint32_t count = reader.take(32);
  const unsigned value_bits = reader.take(5) + 1;
  unsigned widths[4] = {};
  for (unsigned& width : widths) width = reader.take(4) + 1;
  Bytes values;
  while (values.size() < count) {
    const bool repeated = reader.take(1) == 1;
    std::uint32_t length = reader.take(widths[reader.take(2)]) + 1;
    std::uint8_t value = static_cast<std::uint8_t>(reader.take(value_bits));
    for (; length > 0; --length) {
      values.push_back(value);
      if (!repeated && length > 1) value = static_cast<std::uint8_t>(reader.take(value_bits));
    }
  }
  EXPECT_LE(reader.bits_left(), 8U);
  return values;
}

void expect_read_back(const BinaryMask& mask) {
  Bytes expected;
  for (const std::uint8_t pixel : mask.pixels) expected.insert(expected.end(), 4, pixel == 0 ? 0 : 255);
  EXPECT_EQ(values_of(brush_rle_from_mask(mask)), expected);
}

// As label-studio-converter's brush.mask2rle writes them.
TEST(BrushRle, IsWhatLabelStudiosConverterWrites) {
  EXPECT_EQ(brush_rle_from_mask(mask_of({"010", "011"})),
            (Bytes{0, 0, 0, 24, 57, 27, 252, 96, 17, 255, 206, 1, 63, 248}));
  EXPECT_EQ(brush_rle_from_mask(mask_of({std::string(10, '0') + "111" + std::string(80, '0')})),
            (Bytes{0, 0, 1, 116, 57, 27, 254, 39, 0, 183, 255, 192, 79, 192, 0}));
}

TEST(BrushRle, AByteThatIsFullAlreadyIsFollowedByAnother) {
  EXPECT_EQ(brush_rle_from_mask(mask_of({"1"})), (Bytes{0, 0, 0, 4, 57, 27, 252, 127, 224}));
  EXPECT_EQ(brush_rle_from_mask(mask_of(std::vector<std::string>(100, std::string(200, '0')))),
            (Bytes{0, 1, 56, 128, 57, 27, 255, 255, 255, 0, 231, 15, 224, 0}));
}

TEST(BrushRle, ARunLongerThanItsWidthIsCut) {
  EXPECT_EQ(brush_rle_from_mask(mask_of({std::string(16384, '0')})), (Bytes{0, 1, 0, 0, 57, 27, 255, 255, 255, 0, 0}));
  EXPECT_EQ(brush_rle_from_mask(mask_of({std::string(16385, '0')})),
            (Bytes{0, 1, 0, 4, 57, 27, 255, 255, 255, 0, 224, 0, 96, 0}));
}

TEST(BrushRle, ReadsBackWhateverTheRunsAre) {
  for (const int length : {1, 2, 3, 4, 5, 63, 64, 65, 16384, 16385, 40000}) {
    expect_read_back(mask_of({"1" + std::string(static_cast<std::size_t>(length), '0') + "1"}));
  }
  std::mt19937 random(7);
  BinaryMask noise{.width = 61, .height = 47, .pixels = {}};
  for (int i = 0; i < 61 * 47; ++i) noise.pixels.push_back(random() % 3 == 0);
  expect_read_back(noise);
}

}  // namespace
}  // namespace samcache

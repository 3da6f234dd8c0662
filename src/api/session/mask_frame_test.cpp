#include "api/session/mask_frame.h"

#include <gtest/gtest.h>

#include <random>

namespace samcache {
namespace {

std::vector<int> values_of(const std::vector<std::byte>& bytes) {
  std::vector<int> values;
  for (const std::byte byte : bytes) values.push_back(std::to_integer<int>(byte));
  return values;
}

TEST(MaskFrame, HasTheDocumentedBytes) {
  const BinaryMask mask{.width = 3, .height = 2, .pixels = {0, 1, 1, 0, 0, 1}};
  EXPECT_EQ(
      values_of(mask_frame_bytes(0x01020304, 5, mask)),
      (std::vector<int>{'S', 'C', 'M', '1', 4, 3, 2, 1, 5, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 2, 2, 1}));
}

TEST(MaskFrame, AMaskThatStartsInsideBeginsWithAnEmptyRun) {
  const BinaryMask mask{.width = 2, .height = 1, .pixels = {1, 1}};
  const std::vector<int> values = values_of(mask_frame_bytes(0, 0, mask));
  EXPECT_EQ(std::vector<int>(values.begin() + 24, values.end()), (std::vector<int>{0, 2}));
}

TEST(MaskFrame, EveryMaskComesBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const int width = 1 + static_cast<int>(random() % 300);
    const int height = 1 + static_cast<int>(random() % 200);
    BinaryMask mask{.width = width, .height = height, .pixels = {}};
    const unsigned rarity = 1 + random() % 2000;
    std::uint8_t value = 0;
    for (int i = 0; i < width * height; ++i) {
      if (random() % rarity == 0) value ^= 1;
      mask.pixels.push_back(value);
    }
    const Result<MaskFrame> frame = parse_mask_frame(mask_frame_bytes(9, 2, mask));
    ASSERT_TRUE(frame.ok()) << frame.error().message;
    EXPECT_EQ(frame->answer, 9U);
    EXPECT_EQ(frame->index, 2U);
    EXPECT_EQ(frame->mask.width, width);
    EXPECT_EQ(frame->mask.pixels, mask.pixels);
  }
}

TEST(MaskFrame, DamagedFramesAreRefused) {
  const BinaryMask mask{.width = 40, .height = 20, .pixels = std::vector<std::uint8_t>(800, 0)};
  const std::vector<std::byte> whole = mask_frame_bytes(1, 0, mask);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_mask_frame(std::span(whole).first(size)).ok()) << size;
  }
  for (const auto& [offset, value] : std::vector<std::pair<std::size_t, int>>{
           {0, 'X'}, {12, 41}, {15, 0xFF}, {19, 0xFF}, {20, 2}, {23, 0xFF}, {24, 0xFF}}) {
    std::vector<std::byte> changed = whole;
    changed[offset] = static_cast<std::byte>(value);
    EXPECT_FALSE(parse_mask_frame(changed).ok()) << offset;
  }
}

}  // namespace
}  // namespace samcache

#include "api/adapters/mask_rings.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

void fill(BinaryMask& mask, int x0, int y0, int x1, int y1) {
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) mask.pixels[static_cast<std::size_t>(y) * mask.width + x] = 1;
  }
}

BinaryMask empty(int width, int height) {
  return {.width = width, .height = height, .pixels = std::vector<std::uint8_t>(std::size_t(width) * height, 0)};
}

TEST(MaskRings, LargestFirstAndWithoutSpecks) {
  BinaryMask mask = empty(40, 40);
  fill(mask, 1, 1, 11, 11);
  fill(mask, 20, 20, 39, 39);
  fill(mask, 1, 30, 2, 31);
  const auto rings = rings_of_mask(mask, 0);
  ASSERT_EQ(rings.size(), 2U);
  EXPECT_EQ(rings[0].size(), 4U);
  EXPECT_EQ(rings[0][0], (RingPoint{20, 20}));
  EXPECT_EQ(rings[1][0], (RingPoint{1, 1}));
}

TEST(MaskRings, FinenessIsAPartOfTheOutlinesLength) {
  BinaryMask disc = empty(200, 200);
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x) {
      if ((x - 100) * (x - 100) + (y - 100) * (y - 100) < 80 * 80)
        disc.pixels[static_cast<std::size_t>(y) * 200 + x] = 1;
    }
  }
  const std::size_t exact = rings_of_mask(disc, 0).at(0).size();
  const std::size_t fine = rings_of_mask(disc, 0.001).at(0).size();
  const std::size_t coarse = rings_of_mask(disc, 0.02).at(0).size();
  EXPECT_GT(exact, fine);
  EXPECT_GT(fine, coarse);
  EXPECT_GE(coarse, 4U);
}

TEST(MaskRings, NothingHasNone) { EXPECT_TRUE(rings_of_mask(empty(10, 10), 0.001).empty()); }

}  // namespace
}  // namespace samcache

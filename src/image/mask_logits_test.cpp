#include "image/mask_logits.h"

#include <gtest/gtest.h>

#include <numeric>

namespace samcache {
namespace {

BinaryMask left_half(int width, int height) {
  BinaryMask mask{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height)};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width / 2; ++x) mask.pixels[static_cast<std::size_t>(y) * width + x] = 1;
  }
  return mask;
}

TEST(LogitsFromMask, AreTenInsideAndMinusTenOutside) {
  const std::vector<float> logits = logits_from_mask(left_half(6, 4), 8);
  ASSERT_EQ(logits.size(), static_cast<std::size_t>(8) * 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) EXPECT_NEAR(logits[y * 8 + x], x < 8 / 2 ? 10 : -10, 1e-4) << x << "," << y;
  }
}

TEST(LogitsFromMask, ACellPartlyInsideIsBetween) {
  // 4 pixels, 2 cells, one pixel set: half of the first cell.
  const std::vector<float> logits = logits_from_mask({4, 1, {1, 0, 0, 0}}, 2);
  EXPECT_NEAR(logits[0], 0, 1e-5);
  EXPECT_NEAR(logits[1], -10, 1e-5);
}

TEST(LogitsFromMask, KeepTheAreaAtAnySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {333, 251}, {1000, 2}}) {
    const BinaryMask mask = left_half(width, height);
    const std::vector<float> logits = logits_from_mask(mask, 48);
    const double mean = std::accumulate(logits.begin(), logits.end(), 0.0) / static_cast<double>(logits.size());
    const double set = std::accumulate(mask.pixels.begin(), mask.pixels.end(), 0.0);
    const double expected = 20 * set / (static_cast<double>(width) * height) - 10;
    EXPECT_NEAR(mean, expected, 1e-3) << width << "x" << height;
  }
}

}  // namespace
}  // namespace samcache

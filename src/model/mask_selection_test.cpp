#include "model/mask_selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace samcache {
namespace {

constexpr int kSide = 8;

// '#' is foreground (+1), anything else background (-1).
std::vector<float> logits_from(const std::string& drawing) {
  std::vector<float> logits;
  for (const char c : drawing) logits.push_back(c == '#' ? 1.0f : -1.0f);
  return logits;
}

const std::string kRing =
    "........"
    ".#####.."
    ".#...#.."
    ".#...#.."
    ".#####.."
    "........"
    "......#."
    "........";

TEST(CleanMask, FillsHolesUpToTheLimitAndNoLarger) {
  std::vector<float> logits = logits_from(kRing);
  clean_mask(logits, kSide, {.max_hole_area = 5});
  EXPECT_EQ(logits, logits_from(kRing));
  clean_mask(logits, kSide, {.max_hole_area = 6});
  EXPECT_EQ(std::count(logits.begin(), logits.end(), 10.0f), 6);
  EXPECT_EQ(logits[2 * kSide + 2], 10.0f);
  EXPECT_EQ(logits[0], -1.0f) << "the outside is larger than the limit";
}

TEST(CleanMask, RegionsTouchAtCorners) {
  std::string drawing = kRing;
  drawing[1 * kSide + 1] = '.';  // opens the ring at a corner: the hole now belongs to the outside
  std::vector<float> logits = logits_from(drawing);
  clean_mask(logits, kSide, {.max_hole_area = 6});
  EXPECT_EQ(logits, logits_from(drawing));
}

TEST(CleanMask, RemovesSprinklesFoundBeforeHolesWereFilled) {
  std::vector<float> logits = logits_from(kRing);
  clean_mask(logits, kSide, {.max_hole_area = 6, .max_sprinkle_area = 1});
  EXPECT_EQ(logits[6 * kSide + 6], -10.0f);
  EXPECT_EQ(logits[2 * kSide + 2], 10.0f);
  EXPECT_EQ(logits[1 * kSide + 1], 1.0f);
}

TEST(CleanMask, NothingToCleanInEmptyAndFullMasks) {
  std::vector<float> full(kSide * kSide, 1.0f);
  clean_mask(full, kSide, {.max_hole_area = 256});
  EXPECT_EQ(full, std::vector<float>(kSide * kSide, 1.0f));
  std::vector<float> empty(kSide * kSide, -1.0f);
  clean_mask(empty, kSide, {.max_hole_area = 63});
  EXPECT_EQ(empty, std::vector<float>(kSide * kSide, -1.0f));
}

TEST(Stability, ComparesTheTwoThresholds) {
  EXPECT_EQ(stability_score(std::vector<float>{-1, -1}, 0.05f), 1.0);
  EXPECT_EQ(stability_score(std::vector<float>{1, 0, -1}, 0.05f), 0.5);
  EXPECT_EQ(stability_score(std::vector<float>{0.04f, -1}, 0.05f), 0.0);
}

TEST(SelectCandidates, KeepsAStableMaskAndReplacesAnUnstableOne) {
  const MaskDecoderConfig config;
  const std::vector<float> iou = {0.1f, 0.3f, 0.9f, 0.5f};
  const std::vector<float> stable(100, 1.0f);
  const std::vector<float> unstable(100, 0.01f);
  EXPECT_EQ(select_candidates(config, stable, iou, false), std::vector<int>{0});
  EXPECT_EQ(select_candidates(config, unstable, iou, false), std::vector<int>{2});
  EXPECT_EQ(select_candidates(config, stable, iou, true), (std::vector<int>{1, 2, 3}));
  MaskDecoderConfig fixed;
  fixed.stability_fallback = false;
  EXPECT_EQ(select_candidates(fixed, unstable, iou, false), std::vector<int>{0});
}

TEST(Enlarge, MaskAndLogitsAgreeAtAnySize) {
  std::vector<float> logits = logits_from(kRing);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] *= 0.5f + static_cast<float>(i % 7);
  for (const auto& [width, height] : {std::pair{8, 8}, {1, 1}, {3, 5}, {80, 80}, {333, 17}}) {
    const std::vector<float> large = enlarge_logits(logits, kSide, width, height);
    const BinaryMask mask = enlarge_mask(logits, kSide, width, height);
    ASSERT_EQ(large.size(), mask.pixels.size());
    for (std::size_t i = 0; i < large.size(); ++i) ASSERT_EQ(mask.pixels[i], large[i] > 0.0f);
  }
  EXPECT_EQ(enlarge_logits(logits, kSide, kSide, kSide), logits);
}

TEST(Enlarge, InterpolatesBetweenPixelCentres) {
  const std::vector<float> large = enlarge_logits(std::vector<float>{0, 4, 0, 4}, 2, 4, 1);
  EXPECT_EQ(large, (std::vector<float>{0, 1, 3, 4}));
}

}  // namespace
}  // namespace samcache

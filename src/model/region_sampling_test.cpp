#include "model/region_sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace samcache {
namespace {

constexpr int kHeight = 6;
constexpr int kWidth = 9;

// What a region reads off the map value(y, x), bin by bin.
std::vector<float> read(const SamplingWeights& weights, int size, const std::function<float(int, int)>& value) {
  std::vector<float> bins(static_cast<std::size_t>(size) * size);
  for (int by = 0; by < size; ++by) {
    for (int bx = 0; bx < size; ++bx) {
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
          bins[by * size + bx] += weights.rows[by * kHeight + y] * weights.columns[bx * kWidth + x] * value(y, x);
        }
      }
    }
  }
  return bins;
}

std::array<float, 4> in_units(float x0, float y0, float x1, float y1) {
  return {x0 / kWidth, y0 / kHeight, x1 / kWidth, y1 / kHeight};
}

TEST(RoiAlign, ASlopeIsReadAtTheCentreOfEachBin) {
  const std::vector boxes = {in_units(1, 1, 7, 4)};
  const auto bins = read(roi_align_weights(boxes, kHeight, kWidth, 3), 3,
                         [](int y, int x) { return static_cast<float>(10 * y + x); });
  for (int by = 0; by < 3; ++by) {
    for (int bx = 0; bx < 3; ++bx) {
      EXPECT_NEAR(bins[by * 3 + bx], 10 * (1 + by + 0.5) + (1 + 2 * bx + 1), 1e-4);
    }
  }
}

TEST(RoiAlign, ATinyBoxIsTakenAsOnePixel) {
  const std::vector boxes = {in_units(2, 3, 2.001F, 3.001F)};
  const auto bins = read(roi_align_weights(boxes, kHeight, kWidth, 1), 1,
                         [](int y, int x) { return static_cast<float>(100 * y + x); });
  EXPECT_NEAR(bins[0], 350 + 2.5, 1e-3);
}

TEST(RoiAlign, EdgesRepeatForOnePixelAndThenThereIsNothing) {
  const std::vector inside = {in_units(8, 5, 9, 6)};  // its centre lies half a pixel past the last one
  EXPECT_NEAR(read(roi_align_weights(inside, kHeight, kWidth, 1), 1, [](int, int) { return 1.0F; })[0], 1.0, 1e-6);
  const std::vector outside = {in_units(11, 7, 13, 9)};
  EXPECT_EQ(read(roi_align_weights(outside, kHeight, kWidth, 1), 1, [](int, int) { return 1.0F; })[0], 0.0F);
}

TEST(RoiAlign, EveryBinOfABoxInsideIsAMean) {
  const std::vector boxes = {in_units(0.3F, 0.2F, 7.9F, 4.7F), in_units(3, 1, 3.5F, 4.9F)};
  const SamplingWeights weights = roi_align_weights(boxes, kHeight, kWidth, 7);
  ASSERT_EQ(weights.rows.size(), 2u * 7 * kHeight);
  ASSERT_EQ(weights.columns.size(), 2u * 7 * kWidth);
  for (std::size_t bin = 0; bin < 14; ++bin) {
    float rows = 0, columns = 0;
    for (int y = 0; y < kHeight; ++y) rows += weights.rows[bin * kHeight + y];
    for (int x = 0; x < kWidth; ++x) columns += weights.columns[bin * kWidth + x];
    EXPECT_NEAR(rows, 1, 1e-5);
    EXPECT_NEAR(columns, 1, 1e-5);
  }
}

TEST(PointSample, APixelsCentreReadsThatPixel) {
  const std::array<std::array<float, 2>, 1> points = {{{(4 + 0.5F) / kWidth, (2 + 0.5F) / kHeight}}};
  const auto value =
      read(point_weights(points, kHeight, kWidth), 1, [](int y, int x) { return y == 2 && x == 4 ? 1.0F : 0.0F; });
  EXPECT_NEAR(value[0], 1, 1e-5);
}

TEST(PointSample, OutsideOfTheMapIsZero) {
  const std::array<std::array<float, 2>, 2> points = {{{0, 0}, {1, 1}}};
  const SamplingWeights weights = point_weights(points, kHeight, kWidth);
  EXPECT_NEAR(read(weights, 1, [](int, int) { return 1.0F; })[0], 0.25, 1e-5);  // a corner: a quarter is inside
}

}  // namespace
}  // namespace samcache

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "image/mask_codec.h"
#include "image/test_masks.h"

namespace samcache {
namespace {

double intersection_over_union(const BinaryMask& a, const BinaryMask& b) {
  double both = 0;
  double either = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    both += a.pixels[i] & b.pixels[i];
    either += a.pixels[i] | b.pixels[i];
  }
  return either > 0 ? both / either : 1;
}

// Twice the signed area; positive for clockwise on the screen.
double signed_area2(const PolygonRing& ring) {
  double area2 = 0;
  for (std::size_t i = 0; i < ring.size(); i += 2) {
    const std::size_t next = (i + 2) % ring.size();
    area2 += static_cast<double>(ring[i]) * ring[next + 1] - static_cast<double>(ring[next]) * ring[i + 1];
  }
  return area2;
}

TEST(Polygons, PixelOutlinesGiveTheMaskBackExactly) {
  for (const auto& [name, mask] : all_kinds_of_masks()) {
    SCOPED_TRACE(name);
    const auto polygons = polygons_from_mask(mask, {.tolerance_px = 0});
    EXPECT_EQ(mask_from_polygons(polygons, mask.width, mask.height)->pixels, mask.pixels);
  }
}

TEST(Polygons, CocoSegmentationWithBridgedHolesFillsToTheSameMask) {
  for (const auto& [name, mask] : all_kinds_of_masks()) {
    SCOPED_TRACE(name);
    const auto polygons = polygons_from_mask(mask, {.tolerance_px = 0});
    const auto rings = coco_segmentation(polygons);
    EXPECT_EQ(rings.size(), polygons.size());
    EXPECT_EQ(mask_from_rings(rings, mask.width, mask.height)->pixels, mask.pixels);
  }
}

TEST(Polygons, OuterRingsAndHolesAddUpToTheArea) {
  for (const auto& [name, mask] : all_kinds_of_masks()) {
    SCOPED_TRACE(name);
    double area2 = 0;
    for (const MaskPolygon& polygon : polygons_from_mask(mask, {.tolerance_px = 0})) {
      EXPECT_GT(signed_area2(polygon.outer), 0);
      double region_area2 = signed_area2(polygon.outer);
      for (const PolygonRing& hole : polygon.holes) {
        EXPECT_LT(signed_area2(hole), 0);
        region_area2 += signed_area2(hole);
      }
      EXPECT_GT(region_area2, 0) << "a hole was given to the wrong region";
      area2 += region_area2;
    }
    EXPECT_EQ(area2, 2.0 * static_cast<double>(extent_of_mask(mask).area));
  }
}

TEST(Polygons, ARectangleHasFourCorners) {
  const auto polygons = polygons_from_mask(rectangle_mask(20, 10, 3, 2, 9, 7));
  ASSERT_EQ(polygons.size(), 1U);
  EXPECT_TRUE(polygons[0].holes.empty());
  EXPECT_EQ(polygons[0].outer.size(), 8U);
  EXPECT_EQ(signed_area2(polygons[0].outer), 2.0 * 6 * 5);
}

TEST(Polygons, HolesBelongToTheRegionAroundThem) {
  // A ring with a ring inside its hole.
  const BinaryMask mask = mask_of({"1111111", "1000001", "1011101", "1010101", "1011101", "1000001", "1111111"});
  const auto polygons = polygons_from_mask(mask, {.tolerance_px = 0});
  ASSERT_EQ(polygons.size(), 2U);
  ASSERT_EQ(polygons[0].holes.size(), 1U);
  ASSERT_EQ(polygons[1].holes.size(), 1U);
  EXPECT_EQ(signed_area2(polygons[0].holes[0]), -2.0 * 25);
  EXPECT_EQ(signed_area2(polygons[1].holes[0]), -2.0);
}

TEST(Polygons, PixelsThatTouchByACornerAreOneRegion) {
  EXPECT_EQ(polygons_from_mask(mask_of({"10", "01"})).size(), 1U);
  EXPECT_EQ(polygons_from_mask(mask_of({"101"})).size(), 2U);
}

TEST(Polygons, SimplificationKeepsTheShapeWithFarFewerPoints) {
  const BinaryMask mask = disc_mask(400, 400, 200, 200, 150);
  const auto exact = polygons_from_mask(mask, {.tolerance_px = 0});
  const auto simple = polygons_from_mask(mask);
  EXPECT_LT(simple[0].outer.size() * 7, exact[0].outer.size());
  EXPECT_GT(intersection_over_union(*mask_from_polygons(simple, 400, 400), mask), 0.98);
}

TEST(Polygons, SimplificationNeverLosesARegion) {
  const BinaryMask mask = mask_of({"100000", "000000", "000110", "000000"});
  for (const double tolerance_px : {0.5, 1.0, 10.0, 1e9}) {
    const auto polygons = polygons_from_mask(mask, {.tolerance_px = tolerance_px});
    ASSERT_EQ(polygons.size(), 2U);
    EXPECT_TRUE(mask_from_polygons(polygons, 6, 4).ok());
  }
}

TEST(Polygons, FillTakesAPixelWhenItsCentreIsInside) {
  const std::vector<PolygonRing> triangle{{0, 0, 4, 0, 0, 4}};
  EXPECT_EQ(mask_from_rings(triangle, 4, 4)->pixels, mask_of({"1110", "1100", "1000", "0000"}).pixels);
  const std::vector<PolygonRing> shifted{{0.6F, 0.4F, 2.4F, 0.4F, 2.4F, 1.6F, 0.6F, 1.6F}};
  EXPECT_EQ(mask_from_rings(shifted, 4, 3)->pixels, mask_of({"0100", "0100", "0000"}).pixels);
}

TEST(Polygons, RingsMayLieOutsideOfTheMask) {
  const float huge = std::numeric_limits<float>::max();
  const std::vector<PolygonRing> around{{-huge, -huge, huge, -huge, huge, huge, -huge, huge}};
  EXPECT_EQ(extent_of_mask(*mask_from_rings(around, 5, 5)).area, 25U);
  const std::vector<PolygonRing> beside{{-9, 0, -3, 0, -3, 5, -9, 5}, {7, 0, 9, 0, 9, 5, 7, 5}, {0, 8, 5, 8, 5, 9}};
  EXPECT_EQ(extent_of_mask(*mask_from_rings(beside, 5, 5)).area, 0U);
  const std::vector<PolygonRing> partly{{-3, -3, 2, -3, 2, 2, -3, 2}};
  EXPECT_EQ(extent_of_mask(*mask_from_rings(partly, 5, 5)).area, 4U);
}

TEST(Polygons, RefusesMalformedRings) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<PolygonRing> rings{
      {}, {1, 2}, {1, 2, 3, 4}, {1, 2, 3, 4, 5, 6, 7}, {0, 0, 1, 0}, {0, 0, nan, 0, 1, 1}, {0, 0, 5, infinity, 1, 1}};
  for (const PolygonRing& ring : rings) {
    EXPECT_FALSE(mask_from_rings(std::span(&ring, 1), 10, 10).ok());
  }
  EXPECT_FALSE(mask_from_rings({}, 0, 10).ok());
  EXPECT_FALSE(mask_from_rings({}, 100'000, 100'000).ok());
  EXPECT_TRUE(mask_from_rings({}, 10, 10).ok());
}

TEST(Polygons, RefusesRingsThatAskForTooMuchWork) {
  PolygonRing zigzag;
  for (int i = 0; i < 300'000; ++i) {
    zigzag.push_back(static_cast<float>(i % 7));
    zigzag.push_back(i % 2 == 0 ? 0.0F : 1e6F);
  }
  const auto mask = mask_from_rings(std::span(&zigzag, 1), 10, 10'000);
  ASSERT_FALSE(mask.ok());
  EXPECT_EQ(mask.error().code, ErrorCode::kTooLarge);
  const PolygonRing endless(2 * kMaxPolygonVertices + 2, 1.0F);
  EXPECT_EQ(mask_from_rings(std::span(&endless, 1), 10, 10).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace samcache

#include "apps/mask_output.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <nlohmann/json.hpp>

#include "apps/test_mask.h"
#include "base/mapped_file.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

TEST(MaskOutput, TheBoxEndsAfterTheLastPixel) {
  EXPECT_EQ(box_of_mask(square()), (std::array<float, 4>{1, 2, 4, 5}));
  EXPECT_EQ(box_of_mask({2, 2, {0, 0, 0, 0}}), (std::array<float, 4>{}));
}

TEST(MaskOutput, JsonFormsReadBackToTheMask) {
  const BinaryMask mask = square();
  const auto rle = json_from_mask(mask, MaskFormat::kRle);
  ASSERT_TRUE(rle);
  EXPECT_EQ((*rle)["size"], nlohmann::ordered_json({6, 8}));
  EXPECT_EQ(mask_from_rle({.height = 6, .width = 8, .counts = (*rle)["counts"]})->pixels, mask.pixels);
  const auto png = json_from_mask(mask, MaskFormat::kPng);
  ASSERT_TRUE(png);
  EXPECT_EQ(mask_from_png(*bytes_from_base64(png->get<std::string>()), 8, 6)->pixels, mask.pixels);
  const auto polygon = json_from_mask(mask, MaskFormat::kPolygon);
  ASSERT_TRUE(polygon);
  const auto rings = polygon->get<std::vector<PolygonRing>>();
  EXPECT_EQ(mask_from_rings(rings, 8, 6)->pixels, mask.pixels);
}

TEST(MaskOutput, AFileIsNamedByTheMaskAndItsForm) {
  std::string folder = testing::TempDir() + "/masks-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto path = write_mask_file(square(), MaskFormat::kPng, folder + "/new", "photo", 1);
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, folder + "/new/photo.mask1.png");
  const auto bytes = read_file(*path, 1 << 20);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(mask_from_png(bytes->span())->pixels, square().pixels);
  std::filesystem::remove_all(folder);
}

TEST(MaskOutput, WhatIsNoFormOfOneMaskIsAProgrammersError) {
  for (const MaskFormat format : {MaskFormat::kOverlay, MaskFormat::kCoco}) {
    EXPECT_THROW((void)json_from_mask(square(), format), std::logic_error);
    EXPECT_THROW((void)write_mask_file(square(), format, "nowhere", "photo", 0), std::logic_error);
  }
}

}  // namespace
}  // namespace samcache

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "image/encode.h"
#include "image/mask_codec.h"
#include "image/test_masks.h"

namespace samcache {
namespace {

std::vector<std::byte> test_file(const std::string& name) {
  std::ifstream file(SAMCACHE_TEST_DATA "/images/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::vector<std::byte> bytes;
  for (std::istreambuf_iterator<char> c(file); c != std::istreambuf_iterator<char>(); ++c) {
    bytes.push_back(static_cast<std::byte>(*c));
  }
  return bytes;
}

TEST(MaskPng, RoundTripsInBothDepths) {
  for (const auto& [name, mask] : all_kinds_of_masks()) {
    SCOPED_TRACE(name);
    for (const MaskPngDepth depth : {MaskPngDepth::k8Bit, MaskPngDepth::k1Bit}) {
      const auto png = png_from_mask(mask, depth);
      ASSERT_TRUE(png.ok()) << png.error().message;
      const auto read = mask_from_png(*png, mask.width, mask.height);
      ASSERT_TRUE(read.ok()) << read.error().message;
      EXPECT_EQ(read->pixels, mask.pixels);
    }
  }
}

TEST(MaskPng, TheDepthIsTheOneAskedFor) {
  const BinaryMask mask = disc_mask(100, 80, 50, 40, 30);
  EXPECT_EQ(png_from_mask(mask, MaskPngDepth::k8Bit)->at(24), std::byte{8});
  EXPECT_EQ(png_from_mask(mask, MaskPngDepth::k1Bit)->at(24), std::byte{1});
  EXPECT_EQ(png_from_mask(mask, MaskPngDepth::k8Bit)->at(25), std::byte{0}) << "grey";
}

TEST(MaskPng, AnyValueThatIsNotZeroIsSet) {
  // grey16.png has a low byte everywhere, so that the upper eight bits alone would leave its first column unset.
  EXPECT_EQ(extent_of_mask(*mask_from_png(test_file("grey16.png"), 40, 24)).area, 40U * 24);
  EXPECT_EQ(extent_of_mask(*mask_from_png(test_file("grey.png"), 40, 24)).area, 39U * 24);
  EXPECT_EQ(extent_of_mask(*mask_from_png(test_file("rgb.png"), 40, 24)).area, 40U * 24 - 1);
  // Transparent in the left half.
  EXPECT_EQ(extent_of_mask(*mask_from_png(test_file("rgba.png"), 40, 24)).area, 20U * 24);
  EXPECT_EQ(extent_of_mask(*mask_from_png(test_file("grey_alpha.png"), 40, 24)).area, 20U * 24);
  const auto bilevel = mask_from_png(test_file("grey1.png"), 40, 24);
  EXPECT_EQ(bilevel->pixels, mask_where(40, 24, [](int x, int y) { return (x + y) % 3 == 0; }).pixels);
}

TEST(MaskPng, TheSizeMustBeThatOfTheImage) {
  const auto png = png_from_mask(disc_mask(10, 8, 5, 4, 3));
  const auto mask = mask_from_png(*png, 8, 10, "mask.png");
  ASSERT_FALSE(mask.ok());
  EXPECT_EQ(mask.error().message, "mask.png: the mask is 10x8, the image 8x10");
  EXPECT_EQ(mask_from_png(*png)->width, 10);
}

TEST(MaskPng, RefusesOtherFormatsAndDamage) {
  EXPECT_EQ(mask_from_png(test_file("photo.jpg"), 40, 24).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(mask_from_png(test_file("text.txt"), 40, 24).error().code, ErrorCode::kUnsupported);
  auto png = *png_from_mask(random_mask(64, 64, 0.5, 1));
  png.resize(png.size() / 2);
  EXPECT_EQ(mask_from_png(png, 64, 64).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace samcache

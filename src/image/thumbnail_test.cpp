#include "image/thumbnail.h"

#include <gtest/gtest.h>

#include "base/mapped_file.h"

namespace samcache {
namespace {

SharedBytes test_image(const std::string& name) {
  return *read_file(std::string(SAMCACHE_TEST_DATA) + "/images/" + name, std::uint64_t{1} << 24);
}

RgbImage thumbnail_of(const std::string& name, int side) {
  const Result<std::vector<std::byte>> webp = webp_thumbnail(test_image(name).span(), name, side);
  if (!webp) throw std::runtime_error(webp.error().message);
  const DecodedImage image = *decode_image(*webp, name);
  EXPECT_EQ(image.format, "webp");
  return image.rgb;
}

TEST(Thumbnail, FitsIntoTheSquareAndKeepsTheProportions) {
  const SharedBytes bytes = test_image("photo.jpg");
  const RgbImage full = decode_image(bytes.span(), "photo.jpg")->rgb;
  const RgbImage small = thumbnail_of("photo.jpg", 32);
  EXPECT_EQ(std::max(small.width, small.height), 32);
  EXPECT_NEAR(static_cast<double>(small.width) / small.height, static_cast<double>(full.width) / full.height, 0.05);
}

TEST(Thumbnail, IsNeverLargerThanTheImage) {
  const RgbImage full = decode_image(test_image("photo.jpg").span(), "photo.jpg")->rgb;
  const RgbImage small = thumbnail_of("photo.jpg", 1024);
  EXPECT_EQ(small.width, full.width);
  EXPECT_EQ(small.height, full.height);
}

TEST(Thumbnail, IsUpright) {
  const RgbImage full = decode_image(test_image("oriented.jpg").span(), "oriented.jpg")->rgb;
  const RgbImage small = thumbnail_of("oriented.jpg", 1024);
  EXPECT_EQ(small.width, full.width);
  EXPECT_EQ(small.height, full.height);
}

TEST(Thumbnail, TakesEveryKindOfPixelsThatIsDecoded) {
  for (const char* name : {"grey.jpg", "grey1.png", "grey16.png", "grey_alpha.png", "palette_transparent.png",
                           "rgb16.png", "rgba.png", "cmyk.jpg", "photo.webp", "rgb.tif", "frames.gif"}) {
    EXPECT_GT(thumbnail_of(name, 24).width, 0) << name;
  }
}

TEST(Thumbnail, RefusesWhatDecodingRefuses) {
  for (const char* name : {"text.txt", "picture.svg", "picture.pdf", "float.tif"}) {
    const auto refused = webp_thumbnail(test_image(name).span(), name, 64);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported) << refused.error().message;
  }
  const SharedBytes bytes = test_image("photo.jpg");
  const auto cut = webp_thumbnail(bytes.slice(0, bytes.size() / 2).span(), "cut.jpg", 64);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kCorrupt);
  const auto large = webp_thumbnail(bytes.span(), "large.jpg", 64, {.max_pixels = 100});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
}

TEST(Thumbnail, RefusesSidesOutsideOfItsLimits) {
  for (const int side : {-1, 0, 15, 1025}) {
    const auto refused = webp_thumbnail(test_image("photo.jpg").span(), "photo.jpg", side);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace samcache

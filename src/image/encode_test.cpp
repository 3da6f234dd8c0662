#include "image/encode.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "image/decode.h"
#include "image/image_library.h"

namespace samcache {
namespace {

RgbImage gradient(int width, int height) {
  RgbImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 2, y * 3, x + y}) image.pixels.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return image;
}

TEST(Encode, PngIsExact) {
  const RgbImage image = gradient(61, 43);
  const DecodedImage read = *decode_image(*encode_png(image), "x.png");
  EXPECT_EQ(read.format, "png");
  EXPECT_EQ(read.rgb.width, 61);
  EXPECT_EQ(read.rgb.pixels, image.pixels);
}

TEST(Encode, JpegAndWebpAreClose) {
  const RgbImage image = gradient(61, 43);
  for (const auto& [bytes, format] :
       {std::pair{*encode_jpeg(image, 95), "jpeg"}, std::pair{*encode_webp(image, 95), "webp"}}) {
    const DecodedImage read = *decode_image(bytes, "x");
    EXPECT_EQ(read.format, format);
    ASSERT_EQ(read.rgb.pixels.size(), image.pixels.size());
    double difference = 0;
    for (std::size_t i = 0; i < image.pixels.size(); ++i) difference += std::abs(read.rgb.pixels[i] - image.pixels[i]);
    EXPECT_LT(difference / static_cast<double>(image.pixels.size()), 3.0) << format;
  }
}

TEST(Encode, SaysWhenAFormatCannotHoldTheSize) {
  const RgbImage wide = gradient(16384, 1);
  EXPECT_TRUE(encode_jpeg(wide).ok());
  EXPECT_EQ(encode_webp(wide).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(encode_jpeg(gradient(65536, 1)).error().code, ErrorCode::kTooLarge);
}

TEST(Encode, WrongPixelCountsAreAProgrammersError) {
  EXPECT_THROW((void)encode_png({2, 2, std::vector<std::uint8_t>(11)}), std::logic_error);
  EXPECT_THROW((void)encode_png({0, 0, {}}), std::logic_error);
  EXPECT_THROW((void)encode_jpeg(gradient(2, 2), 0), std::logic_error);
}

TEST(ImageLibrary, NamesTheFormatsItReads) {
  const std::string formats = ImageLibrary::readable_formats();
  EXPECT_EQ(formats.find("JPEG, PNG, WebP, TIFF, GIF"), 0U) << formats;
}

TEST(ImageLibrary, ThereIsOnlyOne) { EXPECT_THROW(ImageLibrary{}, std::logic_error); }

}  // namespace
}  // namespace samcache

#include "model/preprocess.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace samcache {
namespace {

RgbImage flat(int width, int height, std::uint8_t value) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, value)};
}

TEST(ResizeAntialiased, KeepsAFlatPictureFlatAtEverySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {500, 1}, {56, 56}, {57, 1000}, {3000, 20}}) {
    EXPECT_EQ(resize_antialiased(flat(width, height, 77), 56), std::vector<std::uint8_t>(56 * 56 * 3, 77))
        << width << "x" << height;
  }
}

TEST(ResizeAntialiased, LeavesAPictureOfTheRightSizeAlone) {
  RgbImage image = flat(20, 20, 0);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 31);
  EXPECT_EQ(resize_antialiased(image, 20), image.pixels);
}

TEST(ResizeAntialiased, AveragesWhenShrinking) {
  RgbImage stripes = flat(1000, 10, 0);  // alternating black and white columns
  for (std::size_t i = 0; i < stripes.pixels.size(); ++i) stripes.pixels[i] = i / 3 % 2 ? 255 : 0;
  for (const std::uint8_t value : resize_antialiased(stripes, 10)) EXPECT_NEAR(value, 127.5, 1.0);
}

TEST(ResizeAntialiased, ThrowsWhenBufferAndSizeDisagree) {
  RgbImage image = flat(4, 4, 0);
  image.width = 5;
  EXPECT_THROW(resize_antialiased(image, 8), std::logic_error);
}

TEST(NormalizedPlanes, MapsBytesToMinusOneToOneByPlane) {
  const std::vector<float> planes = normalized_planes({0, 255, 51, 255, 0, 51, 0, 0, 0, 255, 255, 255}, 2);
  EXPECT_EQ(planes[0], -1.0f);
  EXPECT_EQ(planes[1], 1.0f);
  EXPECT_EQ(planes[4], 1.0f);
  EXPECT_NEAR(planes[8], -0.6f, 1e-6);
}

}  // namespace
}  // namespace samcache

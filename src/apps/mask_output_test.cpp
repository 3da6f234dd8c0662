#include "apps/mask_output.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "image/decode.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

BinaryMask square() {
  BinaryMask mask{8, 6, std::vector<std::uint8_t>(48)};
  for (int y = 2; y < 5; ++y) {
    for (int x = 1; x < 4; ++x) mask.pixels[y * 8 + x] = 1;
  }
  return mask;
}

InteractiveAnswer answer_of(const BinaryMask& mask) {
  InteractiveMask one;
  one.mask = mask;
  one.predicted_iou = 0.75F;
  InteractiveAnswer answer;
  answer.masks = {one, one};
  return answer;
}

TEST(MaskOutput, TheBoxEndsAfterTheLastPixel) {
  EXPECT_EQ(box_of_mask(square()), (std::array{1, 2, 4, 5}));
  EXPECT_EQ(box_of_mask({2, 2, {0, 0, 0, 0}}), (std::array{0, 0, 0, 0}));
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

TEST(MaskOutput, EveryMaskBecomesAFileOfItsOwn) {
  std::string folder = testing::TempDir() + "/masks-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto paths = write_mask_files(answer_of(square()), MaskFormat::kPng, folder + "/new", "photo");
  ASSERT_TRUE(paths) << paths.error().message;
  ASSERT_EQ(paths->size(), 2u);
  EXPECT_EQ(paths->at(1), folder + "/new/photo.mask1.png");
  const auto bytes = read_file(paths->at(1), 1 << 20);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(mask_from_png(bytes->span())->pixels, square().pixels);
  std::filesystem::remove_all(folder);
}

TEST(MaskOutput, TheOverlayIsAPictureOfTheSameSize) {
  const RgbImage image{8, 6, std::vector<std::uint8_t>(8 * 6 * 3, 100)};
  InteractivePrompt prompt;
  prompt.points = {{2, 3, true}};
  prompt.box = {1, 2, 4, 5};
  const auto png = overlay_png(image, answer_of(square()), prompt);
  ASSERT_TRUE(png) << png.error().message;
  const auto decoded = decode_image(*png, "overlay");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->rgb.width, 8);
  EXPECT_EQ(decoded->rgb.height, 6);
  EXPECT_NE(decoded->rgb.pixels, image.pixels);
}

}  // namespace
}  // namespace samcache

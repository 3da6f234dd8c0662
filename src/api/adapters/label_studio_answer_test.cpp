#include "api/adapters/label_studio_answer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/adapters/brush_rle.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

BinaryMask two_squares() {
  BinaryMask mask{.width = 20, .height = 10, .pixels = std::vector<std::uint8_t>(200, 0)};
  for (int y = 2; y < 6; ++y) {
    for (int x = 2; x < 6; ++x) mask.pixels[static_cast<std::size_t>(y) * 20 + x] = 1;
    for (int x = 10; x < 15; ++x) mask.pixels[static_cast<std::size_t>(y) * 20 + x] = 1;
  }
  return mask;
}

LabelStudioRequest request_for(LabelStudioMask mask) {
  return {{.from_name = "tag", .to_name = "image", .image_field = "image", .mask = mask},
          LabelStudioPrompt{.image = {}, .label = "Cat", .points = {}}};
}

TEST(LabelStudioAnswer, ABrushIsOneRegionWithItsRunLengths) {
  const BinaryMask mask = two_squares();
  const Json answer = Json::parse(label_studio_prediction(request_for(LabelStudioMask::kBrush), mask, 0.5F, "v1"));
  ASSERT_EQ(answer["results"].size(), 1U);
  const Json& prediction = answer["results"][0];
  EXPECT_EQ(prediction["model_version"], "v1");
  EXPECT_EQ(prediction["score"], 0.5);
  ASSERT_EQ(prediction["result"].size(), 1U);
  const Json& region = prediction["result"][0];
  EXPECT_EQ(region["from_name"], "tag");
  EXPECT_EQ(region["to_name"], "image");
  EXPECT_EQ(region["type"], "brushlabels");
  EXPECT_EQ(region["original_width"], 20);
  EXPECT_EQ(region["original_height"], 10);
  EXPECT_EQ(region["value"]["format"], "rle");
  EXPECT_EQ(region["value"]["brushlabels"], Json::array({"Cat"}));
  EXPECT_EQ(region["value"]["rle"], Json(brush_rle_from_mask(mask)));
}

TEST(LabelStudioAnswer, PolygonsAreRegionsInPerCent) {
  const Json answer =
      Json::parse(label_studio_prediction(request_for(LabelStudioMask::kPolygon), two_squares(), 0.5F, "v1"));
  const Json& regions = answer["results"][0]["result"];
  ASSERT_EQ(regions.size(), 2U);
  EXPECT_NE(regions[0]["id"], regions[1]["id"]);
  EXPECT_EQ(regions[0]["type"], "polygonlabels");
  EXPECT_EQ(regions[0]["value"]["polygonlabels"], Json::array({"Cat"}));
  const Json& larger = regions[0]["value"]["points"];
  ASSERT_EQ(larger.size(), 4U);
  for (const Json& point : larger) {
    EXPECT_TRUE(point[0] == 50.0 || point[0] == 75.0) << point;
    EXPECT_TRUE(point[1] == 20.0 || point[1] == 60.0) << point;
  }
}

}  // namespace
}  // namespace samcache

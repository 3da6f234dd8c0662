#include "api/adapters/cvat_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = 1 << 20;

Json body_with(const Json& positive, const Json& negative, const Json& box) {
  return {{"image", "aGVsbG8="}, {"pos_points", positive}, {"neg_points", negative}, {"obj_bbox", box}};
}

TEST(CvatRequest, PointsAndABox) {
  const Json body = body_with({{10.5, 20}}, {{-1, 500}}, {{150, 60}, {50, 30}});
  const CvatRequest request = parse_cvat_request(body.dump(), kMaxBytes).value();
  EXPECT_EQ(text_of(request.image), "hello");
  const InteractivePrompt prompt = prompt_in_picture(request, 200, 100);
  ASSERT_EQ(prompt.points.size(), 2U);
  EXPECT_FLOAT_EQ(prompt.points[0].x, 10.5F);
  EXPECT_TRUE(prompt.points[0].positive);
  EXPECT_EQ(prompt.points[1].x, 0);
  EXPECT_EQ(prompt.points[1].y, 100);
  EXPECT_FALSE(prompt.points[1].positive);
  EXPECT_EQ(prompt.box, (std::array<float, 4>{50, 30, 150, 60}));
}

TEST(CvatRequest, ABoxAloneOrNone) {
  EXPECT_TRUE(parse_cvat_request(body_with(Json::array(), Json::array(), {{1, 2}, {3, 4}}).dump(), kMaxBytes)->box);
  for (const Json& none : {Json(), Json::array()}) {
    EXPECT_FALSE(parse_cvat_request(body_with({{1, 2}}, Json::array(), none).dump(), kMaxBytes)->box);
  }
}

TEST(CvatRequest, WhatIsWrongIsRefused) {
  Json no_image = body_with({{1, 2}}, Json::array(), Json());
  no_image.erase("image");
  for (const Json& body : {body_with(Json::array(), Json::array(), Json()), body_with({{1}}, Json::array(), Json()),
                           body_with({1, 2}, Json::array(), Json()), body_with({{1, "2"}}, Json::array(), Json()),
                           body_with({{1, 2e9}}, Json::array(), Json()), body_with({{1, 2}}, Json::array(), {{1, 2}}),
                           no_image, Json::array()}) {
    const Result<CvatRequest> request = parse_cvat_request(body.dump(), kMaxBytes);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidArgument) << body;
  }
  Json not_base64 = body_with({{1, 2}}, Json::array(), Json());
  not_base64["image"] = "?";
  EXPECT_EQ(parse_cvat_request(not_base64.dump(), kMaxBytes).error().code, ErrorCode::kCorrupt);
}

TEST(CvatMask, IsThePartThatIsNotEmpty) {
  BinaryMask mask{.width = 5, .height = 4, .pixels = std::vector<std::uint8_t>(20, 0)};
  mask.pixels[1 * 5 + 2] = mask.pixels[2 * 5 + 1] = 1;
  EXPECT_EQ(cvat_mask_json(mask), R"({"mask":[[0,255],[255,0]],"bounds":[1,1,2,2]})");
  EXPECT_EQ(cvat_mask_json({.width = 5, .height = 4, .pixels = std::vector<std::uint8_t>(20, 0)}),
            R"({"mask":[[0]],"bounds":[0,0,0,0]})");
}

// What CVAT's lambda manager takes out of a description.
TEST(CvatFunction, IsDescribedAsAnInteractor) {
  const Json function = Json::parse(cvat_function_json());
  EXPECT_EQ(function["metadata"]["name"], kCvatFunction);
  const Json& annotations = function["metadata"]["annotations"];
  EXPECT_EQ(annotations["type"], "interactor");
  EXPECT_EQ(annotations["spec"], "");
  for (const char* number : {"version", "min_pos_points", "min_neg_points"}) {
    EXPECT_NO_THROW(std::stoi(annotations[number].get<std::string>())) << number;
  }
  EXPECT_TRUE(function["spec"]["description"].is_string());
  EXPECT_EQ(function["status"]["state"], "ready");
}

}  // namespace
}  // namespace samcache

#include "api/adapters/label_studio_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = 1 << 20;

// As Label Studio sends it, with members that are of no interest here.
Json body_with(const Json& regions) {
  const Json task = {
      {"id", 7}, {"data", {{"image", "/data/upload/1/x.jpg"}, {"more", 1}}}, {"annotations", Json::array()}};
  return {
      {"tasks", Json::array({task})},
      {"model_version", "x"},
      {"project", "1.1700000000"},
      {"label_config", R"(<View><Image name="image" value="$image"/><BrushLabels name="tag" toName="image"/></View>)"},
      {"params", {{"login", nullptr}, {"password", nullptr}, {"context", {{"result", regions}}}}}};
}

Json click(double x, double y, Json positive) {
  return {{"original_width", 200},
          {"original_height", 100},
          {"image_rotation", 0},
          {"value", {{"x", x}, {"y", y}, {"width", 0.3}, {"keypointlabels", {"Cat", "Dog"}}}},
          {"is_positive", std::move(positive)},
          {"id", "fBWv1t0S2L"},
          {"type", "keypointlabels"},
          {"origin", "manual"}};
}

Json rectangle(double x, double y, double width, double height) {
  return {{"value",
           {{"x", x}, {"y", y}, {"width", width}, {"height", height}, {"rotation", 0}, {"rectanglelabels", {"Cat"}}}},
          {"type", "rectanglelabels"}};
}

LabelStudioRequest parsed(const Json& body) {
  Result<LabelStudioRequest> request = parse_label_studio_request(body.dump(), kMaxBytes);
  EXPECT_TRUE(request) << request.error().message;
  return std::move(request).value();
}

std::string refusal(const std::string& body) {
  const Result<LabelStudioRequest> request = parse_label_studio_request(body, kMaxBytes);
  EXPECT_FALSE(request) << body;
  return request ? "accepted" : request.error().message;
}

TEST(LabelStudioRequest, ClicksAndABoxOnTheTasksPicture) {
  const LabelStudioRequest request =
      parsed(body_with(Json::array({click(50, 25, true), rectangle(10, 20, 30, 40), click(1, 2, false)})));
  ASSERT_TRUE(request.prompt);
  EXPECT_EQ(request.config.from_name, "tag");
  EXPECT_EQ(request.prompt->image, "/data/upload/1/x.jpg");
  EXPECT_EQ(request.prompt->task_id, 7);
  EXPECT_EQ(request.prompt->label, "Cat");
  const InteractivePrompt prompt = prompt_in_pixels(*request.prompt, 200, 100);
  ASSERT_EQ(prompt.points.size(), 2U);
  EXPECT_EQ(prompt.points[0].x, 100);
  EXPECT_EQ(prompt.points[0].y, 25);
  EXPECT_TRUE(prompt.points[0].positive);
  EXPECT_FALSE(prompt.points[1].positive);
  ASSERT_TRUE(prompt.box);
  const std::array<float, 4> expected = {20, 20, 80, 60};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ((*prompt.box)[i], expected[i]);
}

TEST(LabelStudioRequest, WhatReachesOutOfThePictureIsMovedToItsEdge) {
  const LabelStudioRequest request = parsed(body_with(Json::array({click(101, -1, true), rectangle(-5, 50, 300, 70)})));
  const InteractivePrompt prompt = prompt_in_pixels(*request.prompt, 200, 100);
  EXPECT_EQ(prompt.points[0].x, 200);
  EXPECT_EQ(prompt.points[0].y, 0);
  EXPECT_EQ(prompt.box, (std::array<float, 4>{0, 50, 200, 100}));
}

TEST(LabelStudioRequest, WithoutAnInteractionNothingIsAsked) {
  EXPECT_FALSE(parsed(body_with(Json::array())).prompt);
  Json body = body_with(Json::array());
  for (const Json& context : {Json(), Json::object(), Json(""), Json{{"result", nullptr}}}) {
    body["params"]["context"] = context;
    EXPECT_FALSE(parsed(body).prompt) << context;
  }
  body.erase("params");
  EXPECT_FALSE(parsed(body).prompt);
  const Json brush = {{"type", "brushlabels"}, {"value", {{"rle", {1, 2}}, {"brushlabels", {"Cat"}}}}};
  EXPECT_FALSE(parsed(body_with(Json::array({brush}))).prompt);
}

TEST(LabelStudioRequest, WhatIsWrongIsNamed) {
  Json body = body_with(Json::array({click(50, 50, true)}));
  body["params"]["context"]["result"][0]["value"]["x"] = "left";
  EXPECT_EQ(refusal(body.dump()), "params.context.result[0].value.x must be a number, not a text");
  body = body_with(Json::array({click(50, 50, true)}));
  body["params"]["context"]["result"][0].erase("value");
  EXPECT_NE(refusal(body.dump()).find("params.context.result[0].value"), std::string::npos);
  body = body_with(Json::array({click(50, 50, true)}));
  body["tasks"][0]["data"].erase("image");
  EXPECT_NE(refusal(body.dump()).find("tasks[0].data.image"), std::string::npos);
  body["tasks"] = Json::array();
  EXPECT_NE(refusal(body.dump()).find("tasks"), std::string::npos);
  body.erase("label_config");
  EXPECT_NE(refusal(body.dump()).find("label_config"), std::string::npos);
  EXPECT_NE(refusal("[1]"), "accepted");
  EXPECT_NE(refusal("{"), "accepted");
  EXPECT_NE(refusal(std::string(kMaxBytes + 1, ' ')), "accepted");
}

}  // namespace
}  // namespace samcache

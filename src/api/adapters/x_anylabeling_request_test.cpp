#include "api/adapters/x_anylabeling_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = 1 << 20;

Result<XAnyLabelingRequest> parse(const std::string& model, const Json& params) {
  const Json body = {{"model", model}, {"image", "data:image/jpeg;base64,aGVsbG8="}, {"params", params}};
  return parse_x_anylabeling_request(body.dump(), kMaxBytes);
}

Json mark(const char* type, const Json& data, int label) { return {{"type", type}, {"data", data}, {"label", label}}; }

TEST(XAnyLabelingRequest, ATextNamesSeveralConcepts) {
  const XAnyLabelingRequest request =
      parse("samcache_concepts",
            {{"text_prompt", "cat, black bird.cat,,"}, {"conf_threshold", 0.25}, {"iou_threshold", 0.4}})
          .value();
  EXPECT_EQ(text_of(request.image), "hello");
  const std::vector<LabelledPrompt> prompts = prompts_of(request, 200, 100);
  ASSERT_EQ(prompts.size(), 2U);
  EXPECT_EQ(prompts[1].label, "black bird");
  const auto& query = std::get<ConceptQuery>(prompts[1].prompt);
  EXPECT_EQ(query.prompt.text, "black bird");
  EXPECT_FLOAT_EQ(query.options.threshold, 0.25F);
}

TEST(XAnyLabelingRequest, BoxesAreExamplesOfAConcept) {
  const Json marks = {mark("rectangle", {50, 40, 10, 20}, 1), mark("rectangle", {100, 50, 300, 60}, 0),
                      mark("point", {1, 2}, 1)};
  const XAnyLabelingRequest request = parse("samcache_concepts", {{"marks", marks}}).value();
  const std::vector<LabelledPrompt> prompts = prompts_of(request, 200, 100);
  ASSERT_EQ(prompts.size(), 1U);
  EXPECT_EQ(prompts[0].label, "AUTOLABEL_OBJECT");
  const auto& boxes = std::get<ConceptQuery>(prompts[0].prompt).prompt.boxes;
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].corners, (std::array<float, 4>{10, 20, 50, 40}));
  EXPECT_EQ(boxes[1].corners, (std::array<float, 4>{100, 50, 200, 60}));
  EXPECT_FALSE(boxes[1].positive);
}

TEST(XAnyLabelingRequest, PointsAreOneObjectAndEachBoxIsOne) {
  const Json points = {mark("point", {10, 20}, 1), mark("point", {-3, 500}, 0)};
  std::vector<LabelledPrompt> prompts = prompts_of(parse("samcache_object", {{"marks", points}}).value(), 200, 100);
  ASSERT_EQ(prompts.size(), 1U);
  const auto& clicks = std::get<InteractiveQuery>(prompts[0].prompt).prompt;
  ASSERT_EQ(clicks.points.size(), 2U);
  EXPECT_EQ(clicks.points[1].x, 0);
  EXPECT_EQ(clicks.points[1].y, 100);
  EXPECT_FALSE(clicks.points[1].positive);
  const Json boxes = {mark("rectangle", {1, 2, 3, 4}, 1), mark("rectangle", {5, 6, 7, 8}, 1)};
  prompts = prompts_of(parse("samcache_object", {{"marks", boxes}}).value(), 200, 100);
  ASSERT_EQ(prompts.size(), 2U);
  EXPECT_EQ(std::get<InteractiveQuery>(prompts[1].prompt).prompt.box, (std::array<float, 4>{5, 6, 7, 8}));
}

TEST(XAnyLabelingRequest, WithoutAPromptNothingIsAsked) {
  for (const char* model : {"samcache_concepts", "samcache_object"}) {
    EXPECT_TRUE(prompts_of(parse(model, Json::object()).value(), 200, 100).empty());
    EXPECT_TRUE(prompts_of(parse(model, {{"marks", {mark("rectangle", {1, 2, 3, 4}, 0)}}}).value(), 200, 100).empty());
  }
}

TEST(XAnyLabelingRequest, WhatIsWrongIsNamed) {
  EXPECT_EQ(parse("yolo", {}).error().code, ErrorCode::kNotFound);
  const Json not_base64 = {{"model", "samcache_object"}, {"image", "data:image/png;base64,?"}};
  EXPECT_EQ(parse_x_anylabeling_request(not_base64.dump(), kMaxBytes).error().code, ErrorCode::kCorrupt);
  for (const Json& params :
       {Json{{"conf_threshold", 2}}, Json{{"marks", {mark("rectangle", {1, 2, 3}, 1)}}},
        Json{{"marks", {mark("circle", {1, 2, 3}, 1)}}}, Json{{"marks", {mark("point", {"a", 1}, 1)}}},
        Json{{"marks", {mark("point", {1e30, 1}, 1)}}}, Json{{"marks", {mark("point", {1, 1}, 7)}}},
        Json{{"marks", {{{"type", "point"}}}}}, Json{{"text_prompt", 3}}, Json::array()}) {
    const Result<XAnyLabelingRequest> request = parse("samcache_object", params);
    ASSERT_FALSE(request) << params;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidArgument) << params;
    EXPECT_NE(request.error().message.find("params"), std::string::npos) << request.error().message;
  }
  EXPECT_EQ(parse_x_anylabeling_request(std::string(kMaxBytes + 1, ' '), kMaxBytes).error().code, ErrorCode::kTooLarge);
}

// The tool refuses models whose controls it does not know, or lack their defaults.
TEST(XAnyLabelingModels, ShowControlsThatTheToolKnows) {
  const Json models = Json::parse(x_anylabeling_models_json());
  ASSERT_EQ(models.size(), 2U);
  for (const auto& [id, model] : models.items()) {
    EXPECT_TRUE(model["display_name"].is_string());
    bool has_text = false, has_send = false;
    for (const Json& widget : model["widgets"]) {
      has_text = has_text || widget["name"] == "edit_text";
      has_send = has_send || widget["name"] == "button_send";
      EXPECT_TRUE(widget["name"] != "edit_conf" || widget["value"].is_number());
      EXPECT_TRUE(widget["name"] != "mask_fineness_slider" || widget["value"].is_number_integer());
    }
    EXPECT_EQ(has_text, has_send) << id;
    EXPECT_EQ(Json::parse(x_anylabeling_model_json(id).value())["model_id"], id);
  }
  EXPECT_FALSE(x_anylabeling_model_json("yolo"));
}

}  // namespace
}  // namespace samcache

#include "api/json/infer_body.h"

#include <gtest/gtest.h>

#include "api/json/prompt_lists.h"

namespace samcache {
namespace {

constexpr PromptedPicture kPicture{.width = 200, .height = 100, .logits_side = 4};

InferBody parsed(std::string_view text) {
  Result<InferBody> body = parse_infer_body(text, kPicture);
  EXPECT_TRUE(body) << text << ": " << body.error().message;
  return body ? *body : InferBody();
}

std::string refusal(std::string_view text) {
  const Result<InferBody> body = parse_infer_body(text, kPicture);
  EXPECT_FALSE(body) << text;
  if (body) return "accepted";
  EXPECT_EQ(body.error().code, ErrorCode::kInvalidArgument) << text;
  return body.error().message;
}

TEST(InferBody, TheFirstDesignsBodyIsAConcept) {
  const InferBody body = parsed(
      R"({"text_prompt":"person","boxes":[{"coords":[0.1,0.2,0.3,0.4],"positive":true}],"confidence_threshold":0.4})");
  const auto& query = std::get<ConceptQuery>(body.request);
  EXPECT_EQ(query.prompt.text, "person");
  ASSERT_EQ(query.prompt.boxes.size(), 1U);
  EXPECT_EQ(query.prompt.boxes[0].corners, (std::array<float, 4>{20, 20, 60, 40}));
  EXPECT_TRUE(query.prompt.boxes[0].positive);
  EXPECT_FLOAT_EQ(query.options.threshold, 0.4F);
  EXPECT_EQ(query.options.max_detections, 100);
  EXPECT_EQ(body.mask_form, MaskAnswerForm::kRle);
  EXPECT_FALSE(body.return_logits);
}

TEST(InferBody, TheModeFollowsFromWhatIsGiven) {
  const auto is_concept = [](std::string_view text) {
    return std::holds_alternative<ConceptQuery>(parsed(text).request);
  };
  EXPECT_TRUE(is_concept(R"({"text_prompt":"cat"})"));
  EXPECT_TRUE(is_concept(R"({"text_prompt":"cat","points":[{"coords":[0.5,0.5]}]})"));
  EXPECT_TRUE(is_concept(R"({"boxes":[{"coords":[0,0,1,1]},{"coords":[0,0,1,1],"positive":false}]})"));
  EXPECT_FALSE(is_concept(R"({"points":[{"coords":[0.5,0.5]}]})"));
  EXPECT_FALSE(is_concept(R"({"points":[{"coords":[0.5,0.5]}],"boxes":[{"coords":[0,0,1,1]}]})"));
  EXPECT_FALSE(is_concept(R"({"mask_input":{"size":[100,200],"counts":[0,20000]}})"));
  EXPECT_FALSE(is_concept(R"({"mode":"interactive","boxes":[{"coords":[0,0,1,1]}]})"));
  EXPECT_TRUE(is_concept(R"({"mode":"concept","points":[{"coords":[0.5,0.5]}]})"));
}

TEST(InferBody, OneObjectTakesPointsABoxAndAMask) {
  const InferBody body = parsed(
      R"({"units":"pixel","box_format":"xywh","points":[{"coords":[50,60]},{"coords":[1,2],"positive":false}],
          "boxes":[{"coords":[10,20,30,40]}],"mask_input":{"size":[100,200],"counts":[0,20000]},
          "multimask_output":true,"mask_format":"none","max_masks":2,"return_logits":true})");
  const auto& query = std::get<InteractiveQuery>(body.request);
  ASSERT_EQ(query.prompt.points.size(), 2U);
  EXPECT_EQ(query.prompt.points[0].x, 50);
  EXPECT_FALSE(query.prompt.points[1].positive);
  EXPECT_EQ(*query.prompt.box, (std::array<float, 4>{10, 20, 40, 60}));
  ASSERT_EQ(query.prompt.mask_input.size(), 16U);
  EXPECT_NEAR(query.prompt.mask_input[0], 10, 1e-4);
  EXPECT_TRUE(query.multimask);
  EXPECT_EQ(body.mask_form, MaskAnswerForm::kNone);
  EXPECT_EQ(body.max_masks, 2U);
  EXPECT_TRUE(body.return_logits);
}

TEST(InferBody, NullIsAsGoodAsNothing) {
  const InferBody body = parsed(
      R"({"text_prompt":"cat","boxes":null,"points":null,"mask_input":null,"mode":null,"confidence_threshold":null})");
  EXPECT_FLOAT_EQ(std::get<ConceptQuery>(body.request).options.threshold, 0.5F);
}

TEST(InferBody, AskingForNothingIsRefused) {
  EXPECT_EQ(refusal("{}"), "the JSON asks for nothing: give text_prompt, boxes, points or mask_input");
  EXPECT_EQ(refusal(R"({"text_prompt":"","boxes":[]})"),
            "the JSON asks for nothing: give text_prompt, boxes, points or mask_input");
  EXPECT_EQ(refusal(R"({"mode":"interactive"})"), "the JSON asks for nothing: give points, a box or mask_input");
}

TEST(InferBody, WhatDoesNotBelongTogetherIsRefused) {
  EXPECT_NE(refusal(R"({"mode":"interactive","text_prompt":"cat"})").find("text_prompt"), std::string::npos);
  EXPECT_NE(refusal(R"({"text_prompt":"cat","mask_input":{"size":[100,200],"counts":[20000]}})").find("mask_input"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"text_prompt":"cat","multimask_output":true})").find("multimask_output"), std::string::npos);
  EXPECT_NE(refusal(R"({"mode":"interactive","boxes":[{"coords":[0,0,1,1]},{"coords":[0,0,1,1]}]})").find("2 boxes"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"mode":"interactive","boxes":[{"coords":[0,0,1,1],"positive":false}]})").find("negative"),
            std::string::npos);
}

TEST(InferBody, EveryMistakeIsNamedByItsPath) {
  EXPECT_EQ(refusal(R"({"prompt":"cat"})"), R"(unknown field "prompt")");
  EXPECT_EQ(refusal(R"({"text_prompt":"a","boxes":[{"coords":[0,0,1,1],"label":1}]})"),
            R"(unknown field "boxes[0].label")");
  EXPECT_EQ(refusal(R"({"boxes":[{"coords":[0,0,1]}]})"), "boxes[0].coords must be 4 numbers, not 3");
  EXPECT_EQ(refusal(R"({"boxes":[{"coords":[0,0,1,1]},{}]})"), "boxes[1] has no coords");
  EXPECT_EQ(refusal(R"({"boxes":{"coords":[0,0,1,1]}})"), "boxes must be an array, not an object");
  EXPECT_EQ(refusal(R"({"points":[[0.5,0.5]]})"), "points[0] must be an object, not an array");
  EXPECT_EQ(refusal(R"({"points":[{"coords":["a",0.5]}]})"), "points[0].coords[0] must be a number, not a text");
  EXPECT_EQ(refusal(R"({"text_prompt":5})"), "text_prompt must be a text, not a number");
  EXPECT_EQ(refusal(R"({"text_prompt":"cat","confidence_threshold":1.5})"),
            "confidence_threshold is 1.5; it must be from 0.0 to 1.0");
  EXPECT_EQ(refusal(R"({"text_prompt":"cat","max_masks":0})"), "max_masks is 0; it must be from 1.0 to 1000.0");
  EXPECT_EQ(refusal(R"({"text_prompt":"cat","mask_format":"gif"})"),
            R"(mask_format is "gif"; it must be one of rle, png, polygon, url, none)");
  EXPECT_EQ(refusal(R"({"text_prompt":"cat","units":"percent"})"),
            R"(units is "percent"; it must be one of normalized, pixel)");
  EXPECT_EQ(refusal("[]"), "the JSON must be an object, not an array");
  EXPECT_EQ(refusal("not json"), "not JSON, at byte 2");
}

TEST(InferBody, TooMuchOfAnythingIsRefused) {
  std::string points;
  for (std::size_t i = 0; i <= kMaxListedPrompts; ++i) points += std::string(i == 0 ? "" : ",") + R"({"coords":[0,0]})";
  EXPECT_EQ(refusal(R"({"points":[)" + points + "]}"), "points has 1001 elements, at most 1000 are taken");
  EXPECT_EQ(refusal(R"({"text_prompt":")" + std::string(kMaxTextBytes + 1, 'a') + R"("})"),
            "text_prompt has 4097 bytes, at most 4096 are taken");
  const Result<InferBody> huge = parse_infer_body(std::string(kInferBodyLimits.max_bytes + 1, ' '), kPicture);
  EXPECT_EQ(huge.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace samcache

#include "apps/segment_request.h"

#include <gtest/gtest.h>

#include <limits>

namespace samcache {
namespace {

ConceptRequest concept_of(const PromptArguments& arguments) {
  const Result<SegmentRequest> request = parse_segment_request(arguments);
  return std::get<ConceptRequest>(request.value());
}

InteractiveRequest interactive_of(const PromptArguments& arguments) {
  const Result<SegmentRequest> request = parse_segment_request(arguments);
  return std::get<InteractiveRequest>(request.value());
}

void expect_usage_error(const PromptArguments& arguments, const std::string& word) {
  const Result<SegmentRequest> request = parse_segment_request(arguments);
  ASSERT_FALSE(request) << word;
  EXPECT_EQ(request.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(request.error().message.find(word), std::string::npos) << request.error().message;
  EXPECT_EQ(request.error().message.find('\n'), std::string::npos);
}

TEST(SegmentRequest, TextAndBoxesAloneAreConcepts) {
  EXPECT_EQ(concept_of({.texts = {"cat"}}).texts, std::vector<std::string>{"cat"});
  EXPECT_EQ(concept_of({.boxes = {"1,2,3,4"}}).exemplars.boxes.size(), 1U);
  EXPECT_EQ(concept_of({.texts = {"cat"}, .points = {"1,2,neg"}}).exemplars.points.size(), 1U);
  EXPECT_EQ(concept_of({.points = {"1,2"}, .mode = "concept"}).exemplars.points.size(), 1U);
}

TEST(SegmentRequest, PointsAndMasksAreInteractive) {
  EXPECT_EQ(interactive_of({.points = {"1,2"}}).prompt.points.size(), 1U);
  EXPECT_TRUE(interactive_of({.points = {"1,2"}, .boxes = {"1,2,3,4"}}).prompt.box);
  EXPECT_EQ(interactive_of({.boxes = {"1,2,3,4"}, .mask = "m.png"}).mask_file, "m.png");
  EXPECT_TRUE(interactive_of({.boxes = {"1,2,3,4"}, .mode = "interactive", .multimask = true}).multimask);
}

TEST(SegmentRequest, ExemplarsGoWithEveryText) {
  const ConceptRequest request = concept_of({.texts = {"cat", "dog"}, .boxes = {"1,2,3,4,neg"}});
  ASSERT_EQ(request.prompt_count(), 2U);
  EXPECT_EQ(request.prompt(1).text, "dog");
  EXPECT_EQ(request.prompt(0).boxes.size(), 1U);
  EXPECT_FALSE(request.prompt(1).boxes.at(0).positive);
  const ConceptRequest exemplars_alone = concept_of({.boxes = {"1,2,3,4"}});
  ASSERT_EQ(exemplars_alone.prompt_count(), 1U);
  EXPECT_EQ(exemplars_alone.prompt(0).text, "");
}

TEST(SegmentRequest, ThresholdAndCountReachTheOptions) {
  const ConceptRequest request = concept_of({.texts = {"cat"}, .threshold = 0.25, .max_masks = 0});
  EXPECT_EQ(request.options.threshold, 0.25F);
  EXPECT_EQ(request.options.max_detections, 0);
  EXPECT_EQ(concept_of({.texts = {"cat"}}).options.max_detections, kDefaultMaxMasks);
  for (const double wrong : {-0.1, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    expect_usage_error({.texts = {"cat"}, .threshold = wrong}, "--threshold");
  }
  expect_usage_error({.texts = {"cat"}, .max_masks = -1}, "--max-masks");
}

TEST(SegmentRequest, WhatIsNotPartOfTheModeIsRefused) {
  expect_usage_error({.texts = {"cat"}, .mode = "interactive"}, "--text");
  expect_usage_error({.texts = {"cat"}, .mask = "m.png"}, "--mask");
  expect_usage_error({.boxes = {"1,2,3,4"}, .mask = "m.png", .mode = "concept"}, "--mask");
  expect_usage_error({.boxes = {"1,2,3,4"}, .multimask = true}, "--multimask");
  expect_usage_error({.points = {"1,2"}, .threshold = 0.5}, "--threshold");
  expect_usage_error({.points = {"1,2"}, .max_masks = 5}, "--max-masks");
  expect_usage_error({.boxes = {"1,2,3,4,neg"}, .mode = "interactive"}, "--mode concept");
  expect_usage_error({.points = {"1,2"}, .boxes = {"1,2,3,4", "2,3,4,5"}}, "--mode concept");
  expect_usage_error({.points = {"1,2"}, .mode = "Concept"}, "Concept");
}

TEST(SegmentRequest, AskingForNothingIsRefused) {
  expect_usage_error({}, "--text");
  expect_usage_error({.mode = "concept"}, "--text");
  expect_usage_error({.mode = "interactive"}, "--point");
  expect_usage_error({.texts = {""}}, "empty");
  expect_usage_error({.texts = {"cat", " \t "}, .boxes = {"1,2,3,4"}}, "empty");
  expect_usage_error({.boxes = {"1,2,3,4,neg"}}, "negative");
  expect_usage_error({.points = {"1,2,neg"}, .mode = "concept"}, "negative");
}

TEST(SegmentRequest, HostileTextsAndTooMuchOfAnythingAreRefused) {
  expect_usage_error({.texts = {"\xFF\xFE"}}, "UTF-8");
  expect_usage_error({.texts = {std::string(kMaxTextBytes + 1, 'a')}}, std::to_string(kMaxTextBytes));
  expect_usage_error({.texts = {"cat", "dog", "cat"}}, "twice");
  EXPECT_EQ(concept_of({.boxes = std::vector<std::string>(kMaxExemplars, "1,2,3,4")}).exemplars.boxes.size(),
            kMaxExemplars);
  expect_usage_error({.boxes = std::vector<std::string>(kMaxExemplars + 1, "1,2,3,4")}, "257 exemplars");
}

TEST(SegmentRequest, FitsAPictureThatHoldsAllOfIt) {
  const SegmentRequest boxes = concept_of({.boxes = {"0,0,20,10"}});
  EXPECT_TRUE(check_request_fits(boxes, 20, 10));
  EXPECT_FALSE(check_request_fits(boxes, 19, 10));
  const SegmentRequest point = interactive_of({.points = {"20,10"}});
  EXPECT_TRUE(check_request_fits(point, 20, 10));
  EXPECT_FALSE(check_request_fits(point, 20, 9));
}

}  // namespace
}  // namespace samcache

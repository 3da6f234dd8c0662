#include "apps/prompt_syntax.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(PromptSyntax, PointsAreTwoNumbersAndPerhapsNeg) {
  const auto point = parse_point("120,80.5");
  ASSERT_TRUE(point);
  EXPECT_EQ(point->x, 120.0F);
  EXPECT_EQ(point->y, 80.5F);
  EXPECT_TRUE(point->positive);
  ASSERT_TRUE(parse_point(" 1 , 2 , neg "));
  EXPECT_FALSE(parse_point("1,2,neg")->positive);
}

TEST(PromptSyntax, AnythingElseIsNoPoint) {
  for (const char* text :
       {"",      ",",     "12,",   ",12",    "12",     "1,2,3",  "1,2,", "1,2,pos", "1,2,neg,neg", "neg,1,2", "a,b",
        "nan,1", "1,NaN", "inf,1", "1,-inf", "1e99,1", "0x10,1", "1;2",  "1,2 3",   "1,,2",        "+1,2"}) {
    const auto point = parse_point(text);
    ASSERT_FALSE(point) << text;
    EXPECT_EQ(point.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(point.error().message.find('\n'), std::string::npos);
  }
}

TEST(PromptSyntax, BoxesAreFourNumbersAndPerhapsNeg) {
  const auto box = parse_box("10,20,110.5,220,neg");
  ASSERT_TRUE(box);
  EXPECT_EQ(box->corners, (std::array<float, 4>{10, 20, 110.5F, 220}));
  EXPECT_FALSE(box->positive);
  EXPECT_TRUE(parse_box("0,0,1,1")->positive);
}

TEST(PromptSyntax, BoxesThatAreMalformedOrEmptyAreRefused) {
  for (const char* text :
       {"", "1,2,3", "1,2,3,4,5", "1,2,3,", "a,2,3,4", "10,10,10,20", "10,10,20,10", "20,10,10,20", "1,2,nan,4"}) {
    EXPECT_FALSE(parse_box(text)) << text;
  }
}

TEST(PromptSyntax, ThePictureSFarEdgesCountAsInside) {
  InteractivePrompt prompt;
  prompt.points = {{0, 0, true}, {640, 427, true}};
  prompt.box = {0, 0, 640, 427};
  EXPECT_TRUE(check_prompt_fits(prompt, 640, 427));
}

TEST(PromptSyntax, WhatLiesOutsideIsNamed) {
  InteractivePrompt prompt;
  prompt.points = {{1, 1, true}, {640.5F, 3, false}};
  const Status outside = check_prompt_fits(prompt, 640, 427);
  ASSERT_FALSE(outside);
  EXPECT_NE(outside.error().message.find("640.5,3"), std::string::npos) << outside.error().message;
  EXPECT_NE(outside.error().message.find("640x427"), std::string::npos);
  prompt.points.clear();
  prompt.box = {-1, 0, 5, 5};
  EXPECT_FALSE(check_prompt_fits(prompt, 640, 427));
}

TEST(PromptSyntax, EveryExemplarMustBeInside) {
  ConceptPrompt prompt;
  prompt.boxes = {{{0, 0, 640, 427}, true}, {{1, 1, 9, 9}, false}};
  prompt.points = {{640, 427, true}};
  EXPECT_TRUE(check_prompt_fits(prompt, 640, 427));
  prompt.boxes[1].corners[3] = 427.5F;
  const Status outside = check_prompt_fits(prompt, 640, 427);
  ASSERT_FALSE(outside);
  EXPECT_NE(outside.error().message.find("1,1,9,427.5"), std::string::npos) << outside.error().message;
  prompt.boxes.pop_back();
  prompt.points = {{-0.5F, 3, false}};
  EXPECT_FALSE(check_prompt_fits(prompt, 640, 427));
}

TEST(PromptSyntax, FormatsAreAListWithoutRepeats) {
  EXPECT_EQ(*parse_mask_formats("rle"), std::vector{MaskFormat::kRle});
  EXPECT_EQ(*parse_mask_formats("png, overlay,polygon"),
            (std::vector{MaskFormat::kPng, MaskFormat::kOverlay, MaskFormat::kPolygon}));
  EXPECT_EQ(*parse_mask_formats("coco"), std::vector{MaskFormat::kCoco});
  for (const char* text : {"", "rle,", "jpeg", "rle,rle", "RLE"}) EXPECT_FALSE(parse_mask_formats(text)) << text;
}

}  // namespace
}  // namespace samcache

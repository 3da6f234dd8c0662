#include "api/json/mask_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "image/mask_codec.h"
#include "image/mask_logits.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr int kWidth = 6;
constexpr int kHeight = 4;
constexpr int kSide = 8;

BinaryMask left_half() {
  BinaryMask mask{kWidth, kHeight, std::vector<std::uint8_t>(kWidth * kHeight)};
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth / 2; ++x) mask.pixels[y * kWidth + x] = 1;
  }
  return mask;
}

Result<std::vector<float>> input(const Json& value) {
  return mask_input_from_json(value, kWidth, kHeight, kSide, "mask_input");
}

TEST(MaskJson, EveryFormReadsBackToTheMask) {
  const BinaryMask mask = left_half();
  const auto rle = json_from_mask(mask, MaskForm::kRle);
  ASSERT_TRUE(rle);
  EXPECT_EQ((*rle)["size"], nlohmann::ordered_json({kHeight, kWidth}));
  EXPECT_EQ(mask_from_rle_json(Json(*rle), kWidth, kHeight, "mask")->pixels, mask.pixels);
  const auto png = json_from_mask(mask, MaskForm::kPng);
  ASSERT_TRUE(png);
  EXPECT_EQ(mask_from_png(*bytes_from_base64(png->get<std::string>()), kWidth, kHeight)->pixels, mask.pixels);
  const auto polygon = json_from_mask(mask, MaskForm::kPolygon);
  ASSERT_TRUE(polygon);
  EXPECT_EQ(mask_from_rings(polygon->get<std::vector<PolygonRing>>(), kWidth, kHeight)->pixels, mask.pixels);
}

TEST(MaskInputJson, DrawnMasksOfAllFormsGiveTheSameLogits) {
  const BinaryMask mask = left_half();
  const std::vector<float> expected = logits_from_mask(mask, kSide);
  EXPECT_EQ(*input(Json(*json_from_mask(mask, MaskForm::kRle))), expected);
  EXPECT_EQ(*input(Json::parse(R"({"size":[4,6],"counts":[0,12,12]})")), expected);
  EXPECT_EQ(*input(Json(*json_from_mask(mask, MaskForm::kPng))), expected);
}

TEST(MaskInputJson, LogitsOfAnAnswerComeBackBitForBit) {
  std::vector<float> logits(kSide * kSide);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = 0.1F * static_cast<float>(i) - 3;
  EXPECT_EQ(*input(Json{{"logits", base64_of_logits(logits)}}), logits);
}

TEST(MaskInputJson, WhatDoesNotFitIsTheCallersErrorWithItsPath) {
  const std::vector<float> few(4);
  std::vector<float> broken(kSide * kSide);
  broken[3] = std::numeric_limits<float>::quiet_NaN();
  const BinaryMask small{2, 2, {0, 1, 1, 0}};
  for (const Json& value :
       {Json(1), Json::array(), Json("!"), Json("aGVsbG8="), Json(*json_from_mask(small, MaskForm::kPng)),
        Json(*json_from_mask(small, MaskForm::kRle)), Json{{"size", {kHeight, kWidth}}},
        Json{{"size", {kHeight, kWidth}}, {"counts", {1, 2}}}, Json{{"size", {kHeight, kWidth}}, {"counts", {-1, 25}}},
        Json{{"size", {kHeight, kWidth}}, {"counts", "~~~"}}, Json{{"logits", 3}},
        Json{{"logits", base64_of_logits(few)}}, Json{{"logits", base64_of_logits(broken)}},
        Json{{"logits", base64_of_logits(std::vector<float>(kSide * kSide))}, {"more", 1}}}) {
    const auto refused = input(value);
    ASSERT_FALSE(refused) << value;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument) << value;
    EXPECT_NE(refused.error().message.find("mask_input"), std::string::npos) << refused.error().message;
    EXPECT_EQ(refused.error().message.find('\n'), std::string::npos) << refused.error().message;
  }
}

}  // namespace
}  // namespace samcache

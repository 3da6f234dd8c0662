#include "api/json/prompt_coordinates.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace samcache {
namespace {

using Json = nlohmann::json;
using Box = std::array<float, 4>;

constexpr CoordinateFrame kNormalized{.width = 200, .height = 100};
constexpr CoordinateFrame kPixels{.units = CoordinateUnits::kPixel, .width = 200, .height = 100};

CoordinateFrame with(BoxFormat format) {
  CoordinateFrame frame = kNormalized;
  frame.box_format = format;
  return frame;
}

TEST(PromptCoordinates, AllFormatsAndUnitsNameTheSameBox) {
  const Box expected = {20, 20, 60, 80};
  EXPECT_EQ(*box_from_json(Json({0.1, 0.2, 0.3, 0.8}), kNormalized, "p"), expected);
  EXPECT_EQ(*box_from_json(Json({20, 20, 60, 80}), kPixels, "p"), expected);
  EXPECT_EQ(*box_from_json(Json({0.1, 0.2, 0.2, 0.6}), with(BoxFormat::kXywh), "p"), expected);
  const Box centred = *box_from_json(Json({0.2, 0.5, 0.2, 0.6}), with(BoxFormat::kCxcywh), "p");
  for (std::size_t i = 0; i < centred.size(); ++i) EXPECT_NEAR(centred[i], expected[i], 1e-4);
}

TEST(PromptCoordinates, ThePicturesFarEdgesCount) {
  EXPECT_EQ(*box_from_json(Json({0, 0, 1, 1}), kNormalized, "p"), (Box{0, 0, 200, 100}));
  const auto point = point_from_json(Json({200, 100}), false, kPixels, "p");
  ASSERT_TRUE(point);
  EXPECT_EQ(point->x, 200);
  EXPECT_EQ(point->y, 100);
  EXPECT_FALSE(point->positive);
}

TEST(PromptCoordinates, RoundingIsNoError) {
  EXPECT_EQ(*box_from_json(Json({0.1, 0.1, 0.2, 0.2000000001}), with(BoxFormat::kCxcywh), "p"), (Box{0, 0, 40, 20}));
}

TEST(PromptCoordinates, WhatLiesOutsideIsToldInTheClientsUnits) {
  EXPECT_EQ(box_from_json(Json({10, 10, 50, 50}), kNormalized, "boxes[0].coords").error().message,
            "boxes[0].coords: the left edge is 10.0, outside the picture: it must be from 0 to 1 (or say \"units\": "
            "\"pixel\")");
  EXPECT_EQ(point_from_json(Json({20, 101}), true, kPixels, "p").error().message,
            "p: y is 101.0, outside the picture: it must be from 0 to 100");
  EXPECT_FALSE(point_from_json(Json({-0.1, 0.5}), true, kNormalized, "p"));
  EXPECT_FALSE(point_from_json(Json({1e300, 0.5}), true, kNormalized, "p"));
}

TEST(PromptCoordinates, ABoxWithoutAnAreaIsRefused) {
  for (const Json& box : {Json({0.3, 0.2, 0.1, 0.8}), Json({0.1, 0.5, 0.3, 0.5}), Json({0.1, 0.1, 0.1, 0.1})}) {
    EXPECT_EQ(box_from_json(box, kNormalized, "p").error().message, "p must have x0 < x1 and y0 < y1");
  }
  EXPECT_EQ(box_from_json(Json({0.5, 0.5, 0, 0.1}), with(BoxFormat::kXywh), "p").error().message,
            "p must have a width and a height greater than 0");
}

}  // namespace
}  // namespace samcache

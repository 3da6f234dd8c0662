// Coordinates as clients write them, made into pixels of the upright picture.
//
// Normalised coordinates count the picture's width and height as 1. What lies outside by no more than rounding is moved
// to the edge; what lies further out is refused, as is a box without an area. Every error names the JSON path and what
// the client wrote, in the client's units.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "api/json/strict_json.h"
#include "base/error.h"
#include "engine/prompt_point.h"

namespace samcache {

enum class CoordinateUnits { kNormalized, kPixel };
enum class BoxFormat {
  kXyxy,    // left, top, right, bottom
  kCxcywh,  // centre, width and height
  kXywh,    // left, top, width and height
};

inline constexpr JsonFields::Choice<CoordinateUnits> kCoordinateUnits[] = {{"normalized", CoordinateUnits::kNormalized},
                                                                           {"pixel", CoordinateUnits::kPixel}};
inline constexpr JsonFields::Choice<BoxFormat> kBoxFormats[] = {
    {"xyxy", BoxFormat::kXyxy}, {"cxcywh", BoxFormat::kCxcywh}, {"xywh", BoxFormat::kXywh}};

// What the numbers of one request mean.
struct CoordinateFrame {
  CoordinateUnits units = CoordinateUnits::kNormalized;
  BoxFormat box_format = BoxFormat::kXyxy;
  int width = 0;  // of the picture, pixels
  int height = 0;
};

// x0, y0, x1, y1 in pixels, x0 < x1, y0 < y1, inside the picture; from an array of four numbers.
Result<std::array<float, 4>> box_from_json(const nlohmann::json& coords, const CoordinateFrame& frame,
                                           const std::string& path);

// A click, inside the picture; from an array of two numbers.
Result<PromptPoint> point_from_json(const nlohmann::json& coords, bool positive, const CoordinateFrame& frame,
                                    const std::string& path);

}  // namespace samcache

#include "api/adapters/cvat_request.h"

#include <algorithm>
#include <cmath>

#include "api/adapters/image_reference.h"
#include "api/json/strict_json.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxPoints = 1000;
constexpr double kFarOutside = 1e6;  // pixels

void read_points(JsonFields& body, std::string_view name, bool positive, std::vector<PromptPoint>& points) {
  body.read_each(name, kMaxPoints, [&](const Json& value, const std::string& path) -> Status {
    const Result<std::vector<double>> xy = json_numbers(value, 2, path);
    if (!xy) return xy.error();
    if (std::abs((*xy)[0]) > kFarOutside || std::abs((*xy)[1]) > kFarOutside) {
      return Error{ErrorCode::kInvalidArgument, path + " is far outside of any picture"};
    }
    points.push_back({static_cast<float>((*xy)[0]), static_cast<float>((*xy)[1]), positive});
    return {};
  });
}

void read_box(JsonFields& body, CvatRequest& request) {
  std::vector<PromptPoint> corners;
  read_points(body, "obj_bbox", true, corners);
  if (corners.empty()) return;
  if (corners.size() != 2) return body.refuse("obj_bbox", "must be two corners");
  request.box = {std::min(corners[0].x, corners[1].x), std::min(corners[0].y, corners[1].y),
                 std::max(corners[0].x, corners[1].x), std::max(corners[0].y, corners[1].y)};
}

}  // namespace

Result<CvatRequest> parse_cvat_request(std::string_view text, std::size_t max_bytes) {
  const Result<Json> document = parse_json(text, {.max_bytes = max_bytes});
  if (!document) return document.error();
  JsonFields body(*document, "");
  CvatRequest request;
  read_points(body, "pos_points", true, request.points);
  read_points(body, "neg_points", false, request.points);
  read_box(body, request);
  if (request.points.empty() && !request.box) body.refuse("", "asks for nothing: give points or a box");
  std::string image;
  if (!body.read("image", image, SIZE_MAX)) body.refuse("image", "is missing");
  if (Status status = body.so_far(); !status) return status.error();
  Result<SharedBytes> bytes = bytes_of_data_uri(image);
  if (!bytes) return bytes.error();
  request.image = std::move(*bytes);
  return request;
}

InteractivePrompt prompt_in_picture(const CvatRequest& request, int width, int height) {
  const auto x = [&](float value) { return std::clamp(value, 0.F, static_cast<float>(width)); };
  const auto y = [&](float value) { return std::clamp(value, 0.F, static_cast<float>(height)); };
  InteractivePrompt prompt;
  for (const PromptPoint& point : request.points) prompt.points.push_back({x(point.x), y(point.y), point.positive});
  if (request.box) {
    const auto& [x0, y0, x1, y1] = *request.box;
    prompt.box = {x(x0), y(y0), x(x1), y(y1)};
  }
  return prompt;
}

std::string cvat_function_json() {
  const nlohmann::ordered_json function = {
      {"metadata",
       {{"name", kCvatFunction},
        {"namespace", "cvat"},
        {"annotations",
         {{"name", "SAM 3 (samcache)"},
          {"type", "interactor"},
          {"version", "2"},
          {"spec", ""},
          {"min_pos_points", "0"},
          {"min_neg_points", "0"},
          {"startswith_box_optional", "true"},
          {"help_message",
           "Draw a box around an object, or click on it; further clicks say what belongs to it and what does not."}}}}},
      {"spec", {{"description", "One object, by clicks and a box, from a cached encoding of the picture"}}},
      {"status", {{"state", "ready"}}}};
  return function.dump();
}

std::string cvat_mask_json(const BinaryMask& mask) {
  MaskExtent extent = extent_of_mask(mask);
  if (extent.area == 0) extent = {.area = 0, .x0 = 0, .y0 = 0, .x1 = 1, .y1 = 1};
  std::string text = "{\"mask\":[";
  for (int y = extent.y0; y < extent.y1; ++y) {
    text += y == extent.y0 ? "[" : ",[";
    for (int x = extent.x0; x < extent.x1; ++x) {
      if (x != extent.x0) text += ',';
      text += mask.at(x, y) ? "255" : "0";
    }
    text += ']';
  }
  text += "],\"bounds\":[" + std::to_string(extent.x0) + ',' + std::to_string(extent.y0) + ',' +
          std::to_string(extent.x1 - 1) + ',' + std::to_string(extent.y1 - 1) + "]}";
  return text;
}

}  // namespace samcache

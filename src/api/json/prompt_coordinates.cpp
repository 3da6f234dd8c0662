#include "api/json/prompt_coordinates.h"

#include <algorithm>

namespace samcache {
namespace {

using Json = nlohmann::json;

// Of the picture's side: what cx - w / 2 may be off by, and no more than a pixel of the largest picture.
constexpr double kRounding = 1e-5;

// `value` in the client's units, of a side of `size` pixels -> pixels inside of it.
Result<float> pixels_of(double value, int size, const CoordinateFrame& frame, const std::string& path,
                        const char* what) {
  const bool normalized = frame.units == CoordinateUnits::kNormalized;
  const double limit = normalized ? 1.0 : size;
  if (value < -kRounding * limit || value > limit * (1 + kRounding)) {
    const std::string hint = normalized && value > 1 ? R"( (or say "units": "pixel"))" : "";
    return Error{ErrorCode::kInvalidArgument, path + ": " + what + " is " + Json(value).dump() +
                                                  ", outside the picture: it must be from 0 to " +
                                                  (normalized ? "1" : std::to_string(size)) + hint};
  }
  return static_cast<float>(std::clamp(normalized ? value * size : value, 0.0, static_cast<double>(size)));
}

// x0, y0, x1, y1 in the client's units.
std::array<double, 4> corners_of(const std::vector<double>& v, BoxFormat format) {
  switch (format) {
    case BoxFormat::kCxcywh: return {v[0] - v[2] / 2, v[1] - v[3] / 2, v[0] + v[2] / 2, v[1] + v[3] / 2};
    case BoxFormat::kXywh: return {v[0], v[1], v[0] + v[2], v[1] + v[3]};
    case BoxFormat::kXyxy: break;
  }
  return {v[0], v[1], v[2], v[3]};
}

}  // namespace

Result<std::array<float, 4>> box_from_json(const Json& coords, const CoordinateFrame& frame, const std::string& path) {
  constexpr std::array kNames = {"the left edge", "the upper edge", "the right edge", "the lower edge"};
  const Result<std::vector<double>> numbers = json_numbers(coords, 4, path);
  if (!numbers) return numbers.error();
  const std::array<double, 4> corners = corners_of(*numbers, frame.box_format);
  std::array<float, 4> box{};
  for (std::size_t i = 0; i < box.size(); ++i) {
    const Result<float> pixel = pixels_of(corners[i], i % 2 == 0 ? frame.width : frame.height, frame, path, kNames[i]);
    if (!pixel) return pixel.error();
    box[i] = *pixel;
  }
  if (box[0] < box[2] && box[1] < box[3]) return box;
  const char* hint = frame.box_format == BoxFormat::kXyxy ? " must have x0 < x1 and y0 < y1"
                                                          : " must have a width and a height greater than 0";
  return Error{ErrorCode::kInvalidArgument, path + hint};
}

Result<PromptPoint> point_from_json(const Json& coords, bool positive, const CoordinateFrame& frame,
                                    const std::string& path) {
  const Result<std::vector<double>> numbers = json_numbers(coords, 2, path);
  if (!numbers) return numbers.error();
  const Result<float> x = pixels_of((*numbers)[0], frame.width, frame, path, "x");
  if (!x) return x.error();
  const Result<float> y = pixels_of((*numbers)[1], frame.height, frame, path, "y");
  if (!y) return y.error();
  return PromptPoint{*x, *y, positive};
}

}  // namespace samcache

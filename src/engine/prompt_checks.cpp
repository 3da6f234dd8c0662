#include "engine/prompt_checks.h"

#include <cmath>
#include <string>

namespace samcache {
namespace {

std::string position_text(float x, float y) {
  const auto number = [](float v) {
    std::string text = std::to_string(v);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  };
  return "(" + number(x) + ", " + number(y) + ")";
}

bool inside(float x, float y, int width, int height) {
  return std::isfinite(x) && std::isfinite(y) && x >= 0 && y >= 0 && x <= static_cast<float>(width) &&
         y <= static_cast<float>(height);
}

Error outside(const std::string& what, int width, int height) {
  return {ErrorCode::kInvalidArgument,
          what + " the picture of " + std::to_string(width) + "x" + std::to_string(height) + " pixels"};
}

}  // namespace

Status check_point(float x, float y, int width, int height) {
  if (inside(x, y, width, height)) return {};
  return outside("the point " + position_text(x, y) + " is outside", width, height);
}

Status check_box(const std::array<float, 4>& corners, int width, int height) {
  const auto& [x0, y0, x1, y1] = corners;
  const std::string name = "the box " + position_text(x0, y0) + " to " + position_text(x1, y1);
  if (!inside(x0, y0, width, height) || !inside(x1, y1, width, height)) {
    return outside(name + " reaches outside", width, height);
  }
  if (x0 >= x1 || y0 >= y1) {
    return Error{ErrorCode::kInvalidArgument, name + " is empty: give its top left corner, then its bottom right"};
  }
  return {};
}

}  // namespace samcache

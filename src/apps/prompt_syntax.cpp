#include "apps/prompt_syntax.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "base/text.h"

namespace samcache {
namespace {

constexpr std::string_view kNegative = "neg";

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t comma = text.find(','); comma != text.npos; comma = text.find(',', begin)) {
    parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// A finite number and nothing else.
std::optional<float> parse_coordinate(std::string_view text) {
  text = without_spaces(text);
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

struct SignedNumbers {
  std::vector<float> values;
  bool positive = true;
};

// `count` numbers, then perhaps "neg".
std::optional<SignedNumbers> parse_signed_numbers(std::string_view text, std::size_t count) {
  std::vector<std::string_view> parts = split_at_commas(text);
  SignedNumbers numbers;
  if (parts.size() == count + 1 && without_spaces(parts.back()) == kNegative) {
    numbers.positive = false;
    parts.pop_back();
  }
  if (parts.size() != count) return std::nullopt;
  for (const std::string_view part : parts) {
    const std::optional<float> value = parse_coordinate(part);
    if (!value) return std::nullopt;
    numbers.values.push_back(*value);
  }
  return numbers;
}

bool is_inside(float x, float y, int width, int height) {
  return x >= 0 && y >= 0 && x <= static_cast<float>(width) && y <= static_cast<float>(height);
}

Error outside(const std::string& what, int width, int height) {
  return {ErrorCode::kInvalidArgument, what + " is outside the picture of " + std::to_string(width) + "x" +
                                           std::to_string(height) + " pixels (origin top left)"};
}

Status check_point_fits(float x, float y, int width, int height) {
  if (is_inside(x, y, width, height)) return {};
  std::ostringstream text;
  text << "the point " << x << "," << y;
  return outside(text.str(), width, height);
}

Status check_box_fits(const std::array<float, 4>& corners, int width, int height) {
  const auto& [x0, y0, x1, y1] = corners;
  if (is_inside(x0, y0, width, height) && is_inside(x1, y1, width, height)) return {};
  std::ostringstream text;
  text << "a corner of the box " << x0 << "," << y0 << "," << x1 << "," << y1;
  return outside(text.str(), width, height);
}

}  // namespace

Result<PromptPoint> parse_point(std::string_view text) {
  const std::optional<SignedNumbers> numbers = parse_signed_numbers(text, 2);
  if (!numbers) {
    return Error{ErrorCode::kInvalidArgument,
                 "not a point: " + in_quotes(text) + " (give x,y or x,y,neg in pixels, as in --point 120,80)"};
  }
  return PromptPoint{numbers->values[0], numbers->values[1], numbers->positive};
}

Result<ConceptPrompt::Box> parse_box(std::string_view text) {
  const std::optional<SignedNumbers> numbers = parse_signed_numbers(text, 4);
  if (!numbers) {
    return Error{ErrorCode::kInvalidArgument, "not a box: " + in_quotes(text) +
                                                  " (give x0,y0,x1,y1 or x0,y0,x1,y1,neg in pixels, as in --box "
                                                  "10,20,110,220)"};
  }
  ConceptPrompt::Box box{.corners = {}, .positive = numbers->positive};
  std::copy(numbers->values.begin(), numbers->values.end(), box.corners.begin());
  if (box.corners[0] >= box.corners[2] || box.corners[1] >= box.corners[3]) {
    return Error{ErrorCode::kInvalidArgument,
                 "an empty box: " + in_quotes(text) + " (give its top left corner, then its bottom right)"};
  }
  return box;
}

Status check_prompt_fits(const InteractivePrompt& prompt, int width, int height) {
  for (const InteractivePrompt::Point& point : prompt.points) {
    if (Status fits = check_point_fits(point.x, point.y, width, height); !fits) return fits;
  }
  if (!prompt.box) return {};
  return check_box_fits(*prompt.box, width, height);
}

Status check_prompt_fits(const ConceptPrompt& prompt, int width, int height) {
  for (const ConceptPrompt::Point& point : prompt.points) {
    if (Status fits = check_point_fits(point.x, point.y, width, height); !fits) return fits;
  }
  for (const ConceptPrompt::Box& box : prompt.boxes) {
    if (Status fits = check_box_fits(box.corners, width, height); !fits) return fits;
  }
  return {};
}

const char* mask_format_name(MaskFormat format) {
  switch (format) {
    case MaskFormat::kRle: return "rle";
    case MaskFormat::kPng: return "png";
    case MaskFormat::kPolygon: return "polygon";
    case MaskFormat::kOverlay: return "overlay";
    case MaskFormat::kCoco: return "coco";
  }
  return "unknown";
}

bool is_form_of_one_mask(MaskFormat format) { return format != MaskFormat::kOverlay && format != MaskFormat::kCoco; }

Result<std::vector<MaskFormat>> parse_mask_formats(std::string_view comma_separated) {
  constexpr std::array kAll = {MaskFormat::kRle, MaskFormat::kPng, MaskFormat::kPolygon, MaskFormat::kOverlay,
                               MaskFormat::kCoco};
  std::vector<MaskFormat> formats;
  for (const std::string_view part : split_at_commas(comma_separated)) {
    const std::string_view name = without_spaces(part);
    const auto found =
        std::find_if(kAll.begin(), kAll.end(), [&](MaskFormat f) { return name == mask_format_name(f); });
    if (found == kAll.end()) {
      return Error{ErrorCode::kInvalidArgument, "unknown mask format " + in_quotes(name) +
                                                    ": use rle, png, polygon, overlay, coco or a list of them"};
    }
    if (std::find(formats.begin(), formats.end(), *found) != formats.end()) {
      return Error{ErrorCode::kInvalidArgument, "the mask format " + std::string(name) + " is given twice"};
    }
    formats.push_back(*found);
  }
  return formats;
}

}  // namespace samcache

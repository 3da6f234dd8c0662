#include "api/adapters/label_studio_request.h"

#include <algorithm>
#include <utility>

#include "api/json/strict_json.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxRegions = 1000;
constexpr std::size_t kMaxTasks = 1000;
constexpr std::size_t kMaxNameBytes = 1000;
constexpr double kMaxPercent = 1000;  // either way; what is outside of the picture is moved to its edge

// The member, or null, which no object can be read from.
const Json& or_null(const Json* value) {
  static const Json kNull;
  return value == nullptr ? kNull : *value;
}

// {"keypointlabels": ["Cat"]} -> "Cat", under the name of the region's type; nothing: a tag without labels.
void read_label(JsonFields& value, const std::string& type, std::string& label) {
  value.read_each(type, kMaxRegions, [&](const Json& name, const std::string& path) -> Status {
    if (!name.is_string()) return Error{ErrorCode::kInvalidArgument, path + " must be a text"};
    if (label.empty()) label = name.get<std::string>();
    return {};
  });
}

Status read_point(JsonFields& value, bool positive, LabelStudioPrompt& prompt) {
  double x = 0, y = 0;
  value.read("x", x, -kMaxPercent, kMaxPercent);
  value.read("y", y, -kMaxPercent, kMaxPercent);
  prompt.points.push_back({.x = static_cast<float>(x), .y = static_cast<float>(y), .positive = positive});
  return value.so_far();
}

Status read_box(JsonFields& value, LabelStudioPrompt& prompt) {
  double x = 0, y = 0, width = 0, height = 0;
  value.read("x", x, -kMaxPercent, kMaxPercent);
  value.read("y", y, -kMaxPercent, kMaxPercent);
  value.read("width", width, 0, kMaxPercent);
  value.read("height", height, 0, kMaxPercent);
  prompt.box = {static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + width),
                static_cast<float>(y + height)};
  return value.so_far();
}

// Masks and texts that were drawn before come as regions, too: they are no prompts.
Status read_region(const Json& region, const std::string& path, LabelStudioPrompt& prompt) {
  JsonFields fields(region, path);
  std::string type;
  bool positive = true;
  fields.read("type", type, kMaxNameBytes);
  fields.read("is_positive", positive);
  const bool point = type == "keypointlabels" || type == "keypoint";
  const bool box = type == "rectanglelabels" || type == "rectangle";
  const Json* value = fields.take("value");
  if (Status status = fields.so_far(); !status || (!point && !box)) return status;
  JsonFields geometry(or_null(value), path + ".value");
  read_label(geometry, type, prompt.label);
  return point ? read_point(geometry, positive, prompt) : read_box(geometry, prompt);
}

// Of the first task: an interaction is on one picture.
void read_task(JsonFields& body, const LabelConfig& config, LabelStudioPrompt& prompt) {
  bool first = true;
  body.read_each("tasks", kMaxTasks, [&](const Json& task, const std::string& path) -> Status {
    if (!std::exchange(first, false)) return {};
    JsonFields fields(task, path);
    const Json* id = fields.take("id");
    if (id != nullptr && id->is_number_integer()) prompt.task_id = id->get<std::int64_t>();
    const Json* data = fields.take("data");
    JsonFields of_data(or_null(data), path + ".data");
    of_data.read(config.image_field, prompt.image, SIZE_MAX);
    if (prompt.image.empty()) of_data.refuse(config.image_field, "is missing: it says where the picture is");
    return of_data.so_far();
  });
  if (first) body.refuse("tasks", "has no task");
}

Result<std::optional<LabelStudioPrompt>> read_context(JsonFields& body) {
  const Json* params = body.take("params");
  if (params == nullptr || !params->is_object()) return std::optional<LabelStudioPrompt>();
  JsonFields of_params(*params, "params");
  const Json* context = of_params.take("context");
  if (context == nullptr || !context->is_object()) return std::optional<LabelStudioPrompt>();
  JsonFields of_context(*context, "params.context");
  LabelStudioPrompt prompt;
  of_context.read_each("result", kMaxRegions,
                       [&](const Json& region, const std::string& path) { return read_region(region, path, prompt); });
  if (Status status = of_context.so_far(); !status) return status.error();
  if (prompt.points.empty() && !prompt.box) return std::optional<LabelStudioPrompt>();
  return std::optional(std::move(prompt));
}

}  // namespace

Result<LabelStudioRequest> parse_label_studio_request(std::string_view body, std::size_t max_bytes) {
  const Result<Json> document = parse_json(body, {.max_bytes = max_bytes});
  if (!document) return document.error();
  JsonFields fields(*document, "");
  std::string xml;
  if (!fields.read("label_config", xml, kMaxLabelConfigBytes)) fields.refuse("label_config", "is missing");
  if (Status status = fields.so_far(); !status) return status.error();
  Result<LabelConfig> config = parse_label_config(xml);
  if (!config) return config.error();
  Result<std::optional<LabelStudioPrompt>> prompt = read_context(fields);
  if (!prompt) return prompt.error();
  if (*prompt) read_task(fields, *config, **prompt);
  if (Status status = fields.so_far(); !status) return status.error();
  return LabelStudioRequest{std::move(*config), std::move(*prompt)};
}

InteractivePrompt prompt_in_pixels(const LabelStudioPrompt& prompt, int width, int height) {
  const auto x = [&](float percent) { return std::clamp(percent, 0.F, 100.F) / 100 * static_cast<float>(width); };
  const auto y = [&](float percent) { return std::clamp(percent, 0.F, 100.F) / 100 * static_cast<float>(height); };
  InteractivePrompt pixels;
  for (const PromptPoint& point : prompt.points) pixels.points.push_back({x(point.x), y(point.y), point.positive});
  if (prompt.box) {
    const auto& [x0, y0, x1, y1] = *prompt.box;
    pixels.box = {x(x0), y(y0), x(x1), y(y1)};
  }
  return pixels;
}

}  // namespace samcache

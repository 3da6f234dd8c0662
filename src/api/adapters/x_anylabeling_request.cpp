#include "api/adapters/x_anylabeling_request.h"

#include <algorithm>

#include "api/adapters/image_reference.h"
#include "api/json/strict_json.h"
#include "base/text.h"

namespace samcache {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr const char* kConceptsId = "samcache_concepts";
constexpr const char* kObjectId = "samcache_object";
// What the tool calls an object that the annotator has still to name.
constexpr const char* kUnnamed = "AUTOLABEL_OBJECT";

constexpr std::size_t kMaxMarks = 1000;
constexpr std::size_t kMaxTexts = 32;
constexpr std::size_t kMaxNameBytes = 200;

constexpr double kFarOutside = 1e6;  // pixels

Status read_mark(const Json& mark, const std::string& path, XAnyLabelingRequest& request) {
  JsonFields fields(mark, path);
  std::string type;
  int label = 1;
  fields.read("type", type, kMaxNameBytes);
  fields.read("label", label, 0, 1);
  const Json* data = fields.take("data");
  if (Status status = fields.so_far(); !status) return status;
  const std::size_t count = type == "point" ? 2 : type == "rectangle" ? 4 : 0;
  if (count == 0) return Error{ErrorCode::kInvalidArgument, path + ".type must be point or rectangle"};
  const Result<std::vector<double>> numbers = json_numbers(data == nullptr ? mark : *data, count, path + ".data");
  if (!numbers) return numbers.error();
  if (std::ranges::any_of(*numbers, [](double number) { return std::abs(number) > kFarOutside; })) {
    return Error{ErrorCode::kInvalidArgument, path + ".data is far outside of any picture"};
  }
  const auto at = [&](std::size_t i) { return static_cast<float>((*numbers)[i]); };
  if (count == 2) {
    request.points.push_back({at(0), at(1), label == 1});
  } else {
    request.boxes.push_back(
        {{std::min(at(0), at(2)), std::min(at(1), at(3)), std::max(at(0), at(2)), std::max(at(1), at(3))}, label == 1});
  }
  return {};
}

// "cat, dog." names two concepts; each once.
std::vector<std::string> texts_of(std::string_view prompt) {
  std::vector<std::string> texts;
  while (!prompt.empty()) {
    const std::size_t end = std::min(prompt.find_first_of(",."), prompt.size());
    std::string_view text = prompt.substr(0, end);
    prompt.remove_prefix(std::min(end + 1, prompt.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    if (!text.empty() && std::ranges::find(texts, text) == texts.end()) texts.emplace_back(text);
  }
  return texts;
}

Status read_params(const Json& params, XAnyLabelingRequest& request) {
  JsonFields fields(params, "params");
  std::string text;
  fields.read("text_prompt", text, kMaxTextBytes);
  fields.read("conf_threshold", request.threshold, 0, 1);
  fields.read("epsilon_factor", request.fineness, 0, 1);
  fields.read("show_masks", request.polygons);
  fields.read("show_boxes", request.rectangles);
  fields.read_each("marks", kMaxMarks,
                   [&](const Json& mark, const std::string& path) { return read_mark(mark, path, request); });
  request.texts = texts_of(text);
  if (request.texts.size() > kMaxTexts) fields.refuse("text_prompt", "names too many concepts");
  return fields.so_far();
}

Status read_model(JsonFields& body, XAnyLabelingModel& model) {
  std::string id;
  body.read("model", id, kMaxNameBytes);
  if (Status status = body.so_far(); !status) return status;
  if (id != kConceptsId && id != kObjectId) {
    return Error{ErrorCode::kNotFound, "there is no model " + in_quotes(id)};
  }
  model = id == kConceptsId ? XAnyLabelingModel::kConcepts : XAnyLabelingModel::kObject;
  return {};
}

// Moves prompts into the picture.
struct Picture {
  float width, height;

  PromptPoint inside(const PromptPoint& point) const {
    return {std::clamp(point.x, 0.F, width), std::clamp(point.y, 0.F, height), point.positive};
  }
  std::array<float, 4> inside(const std::array<float, 4>& box) const {
    return {std::clamp(box[0], 0.F, width), std::clamp(box[1], 0.F, height), std::clamp(box[2], 0.F, width),
            std::clamp(box[3], 0.F, height)};
  }
};

std::vector<LabelledPrompt> concept_prompts(const XAnyLabelingRequest& request, const Picture& picture) {
  ConceptQuery query;
  query.options.threshold = static_cast<float>(request.threshold);
  for (const ConceptPrompt::Box& box : request.boxes) {
    query.prompt.boxes.push_back({picture.inside(box.corners), box.positive});
  }
  if (!query.prompt.boxes.empty()) {  // examples of something without a name, as the tool means them
    if (std::ranges::none_of(query.prompt.boxes, &ConceptPrompt::Box::positive)) return {};
    return {{kUnnamed, query}};
  }
  std::vector<LabelledPrompt> prompts;
  for (const std::string& text : request.texts) {
    query.prompt.text = text;
    prompts.push_back({text, query});
  }
  return prompts;
}

// Each box is an object; points without a box are one.
std::vector<LabelledPrompt> object_prompts(const XAnyLabelingRequest& request, const Picture& picture) {
  InteractiveQuery query;
  for (const PromptPoint& point : request.points) query.prompt.points.push_back(picture.inside(point));
  std::vector<LabelledPrompt> prompts;
  for (const ConceptPrompt::Box& box : request.boxes) {
    if (!box.positive) continue;
    query.prompt.box = picture.inside(box.corners);
    prompts.push_back({kUnnamed, query});
  }
  if (prompts.empty() && !query.prompt.points.empty()) prompts.push_back({kUnnamed, query});
  return prompts;
}

OrderedJson widget(const char* name, OrderedJson value = nullptr) {
  return {{"name", name}, {"value", std::move(value)}};
}

OrderedJson models() {
  return {
      {kConceptsId,
       {{"display_name", "SAM 3: every instance (samcache)"},
        {"widgets",
         {widget("edit_text"), widget("button_send"), widget("add_pos_rect"), widget("add_neg_rect"),
          widget("button_run_rect"), widget("button_clear"), widget("button_finish_object"), widget("input_conf"),
          widget("edit_conf", 0.5), widget("mask_fineness_slider", 10), widget("mask_fineness_value_label"),
          widget("toggle_preserve_existing_annotations", false)}},
        {"params", {{"conf_threshold", 0.5}, {"show_masks", true}, {"show_boxes", false}}},
        {"capabilities", OrderedJson::object()},
        {"batch_processing_mode", "text_prompt"}}},
      {kObjectId,
       {{"display_name", "SAM 3: one object (samcache)"},
        {"widgets",
         {widget("button_add_point"), widget("button_remove_point"), widget("button_add_rect"), widget("button_clear"),
          widget("button_finish_object"), widget("mask_fineness_slider", 10), widget("mask_fineness_value_label")}},
        {"params", {{"show_masks", true}, {"show_boxes", false}}},
        {"capabilities", OrderedJson::object()},
        {"batch_processing_mode", nullptr}}}};
}

}  // namespace

Result<XAnyLabelingRequest> parse_x_anylabeling_request(std::string_view body, std::size_t max_bytes) {
  const Result<Json> document = parse_json(body, {.max_bytes = max_bytes});
  if (!document) return document.error();
  JsonFields fields(*document, "");
  XAnyLabelingRequest request;
  if (Status status = read_model(fields, request.model); !status) return status.error();
  std::string image;
  if (!fields.read("image", image, SIZE_MAX)) fields.refuse("image", "is missing");
  if (Status status = fields.so_far(); !status) return status.error();
  Result<SharedBytes> bytes = bytes_of_data_uri(image);
  if (!bytes) return bytes.error();
  request.image = std::move(*bytes);
  if (const Json* params = fields.take("params")) {
    if (Status status = read_params(*params, request); !status) return status.error();
  }
  return request;
}

std::vector<LabelledPrompt> prompts_of(const XAnyLabelingRequest& request, int width, int height) {
  const Picture picture{static_cast<float>(width), static_cast<float>(height)};
  return request.model == XAnyLabelingModel::kConcepts ? concept_prompts(request, picture)
                                                       : object_prompts(request, picture);
}

std::string x_anylabeling_models_json() { return models().dump(); }

Result<std::string> x_anylabeling_model_json(std::string_view id) {
  const OrderedJson all = models();
  const auto found = all.find(id);
  if (found == all.end()) return Error{ErrorCode::kNotFound, "there is no model " + in_quotes(id)};
  OrderedJson model = {{"model_id", id}};
  model.update(*found);
  return model.dump();
}

}  // namespace samcache

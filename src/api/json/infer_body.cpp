#include "api/json/infer_body.h"

#include <optional>

#include "api/json/prompt_lists.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

enum class Mode { kConcept, kInteractive };

constexpr JsonFields::Choice<Mode> kModes[] = {{"concept", Mode::kConcept}, {"interactive", Mode::kInteractive}};
constexpr JsonFields::Choice<MaskAnswerForm> kMaskForms[] = {{"rle", MaskAnswerForm::kRle},
                                                             {"png", MaskAnswerForm::kPng},
                                                             {"polygon", MaskAnswerForm::kPolygon},
                                                             {"url", MaskAnswerForm::kUrl},
                                                             {"none", MaskAnswerForm::kNone}};
constexpr int kMaxMasks = 1000;

// The body's members, in pixels, before it is known what they amount to.
struct Fields {
  std::string text;
  std::vector<ConceptPrompt::Box> boxes;
  std::vector<PromptPoint> points;
  std::vector<float> mask_input;
  Mode mode = Mode::kConcept;
  double threshold = ConceptOptions().threshold;
  bool multimask = false;
  int max_masks = 100;
};

void read_geometry(JsonFields& body, const PromptedPicture& picture, Fields& fields) {
  CoordinateFrame frame{.width = picture.width, .height = picture.height};
  body.read("units", frame.units, kCoordinateUnits);
  body.read("box_format", frame.box_format, kBoxFormats);
  fields.boxes = read_boxes(body, frame);
  fields.points = read_points(body, frame);
  if (const Json* mask = body.take("mask_input")) {
    auto logits = mask_input_from_json(*mask, picture.width, picture.height, picture.logits_side, "mask_input");
    if (logits) {
      fields.mask_input = std::move(*logits);
    } else {
      body.refuse(logits.error());
    }
  }
}

void read_mode(JsonFields& body, Fields& fields) {
  const bool one_object = fields.text.empty() && (!fields.points.empty() || !fields.mask_input.empty());
  fields.mode = one_object ? Mode::kInteractive : Mode::kConcept;
  body.read("mode", fields.mode, kModes);
}

void check_concept_fields(JsonFields& body, const Fields& fields) {
  if (!fields.mask_input.empty()) {
    body.refuse("mask_input", R"(starts from one object: it needs "mode": "interactive", and no text_prompt)");
  }
  if (fields.multimask) {
    body.refuse("multimask_output",
                R"(gives alternatives for one object: it needs "mode": "interactive", and no text_prompt)");
  }
  if (fields.text.empty() && fields.boxes.empty() && fields.points.empty()) {
    body.refuse("", "asks for nothing: give text_prompt, boxes, points or mask_input");
  }
}

void check_interactive_fields(JsonFields& body, const Fields& fields) {
  if (!fields.text.empty()) {
    body.refuse("text_prompt", R"(names a concept: leave out "mode": "interactive", or the text)");
  }
  if (fields.boxes.size() > 1) {
    body.refuse("boxes",
                "has " + std::to_string(fields.boxes.size()) +
                    " boxes; one object takes one (several are exemplars of a concept: \"mode\": \"concept\")");
  }
  if (fields.boxes.size() == 1 && !fields.boxes.front().positive) {
    body.refuse("boxes", "has a negative box, which makes sense for exemplars of a concept alone");
  }
  if (fields.boxes.empty() && fields.points.empty() && fields.mask_input.empty()) {
    body.refuse("", "asks for nothing: give points, a box or mask_input");
  }
}

PromptRequest request_from(Fields fields) {
  if (fields.mode == Mode::kConcept) {
    ConceptQuery query;
    query.prompt = {
        .text = std::move(fields.text), .boxes = std::move(fields.boxes), .points = std::move(fields.points)};
    query.options.threshold = static_cast<float>(fields.threshold);
    query.options.max_detections = fields.max_masks;
    return query;
  }
  InteractiveQuery query;
  query.prompt = {.points = std::move(fields.points), .mask_input = std::move(fields.mask_input)};
  if (!fields.boxes.empty()) query.prompt.box = fields.boxes.front().corners;
  query.multimask = fields.multimask;
  return query;
}

}  // namespace

Result<InferBody> parse_infer_body(std::string_view text, const PromptedPicture& picture) {
  const Result<Json> document = parse_json(text, kInferBodyLimits);
  if (!document) return document.error();
  JsonFields body(*document, "");
  Fields fields;
  InferBody parsed;
  body.read("text_prompt", fields.text, kMaxTextBytes);
  read_geometry(body, picture, fields);
  read_mode(body, fields);
  body.read("confidence_threshold", fields.threshold, 0, 1);
  body.read("multimask_output", fields.multimask);
  body.read("max_masks", fields.max_masks, 1, kMaxMasks);
  body.read("mask_format", parsed.mask_form, kMaskForms);
  body.read("return_logits", parsed.return_logits);
  if (Status status = body.finish(); !status) return status.error();
  if (fields.mode == Mode::kConcept) {
    check_concept_fields(body, fields);
  } else {
    check_interactive_fields(body, fields);
  }
  if (Status status = body.finish(); !status) return status.error();
  parsed.max_masks = static_cast<std::size_t>(fields.max_masks);
  parsed.request = request_from(std::move(fields));
  return parsed;
}

}  // namespace samcache

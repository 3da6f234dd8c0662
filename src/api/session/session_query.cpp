#include "api/session/session_query.h"

namespace samcache {
namespace {

std::optional<PromptRequest> concept_query(const SessionObject& object) {
  ConceptQuery query;
  bool asks_for_something = false;
  for (const SessionPrompt& prompt : object.prompts) {
    if (const auto* point = std::get_if<PromptPoint>(&prompt)) {
      query.prompt.points.push_back(*point);
      asks_for_something |= point->positive;
    } else if (const auto* box = std::get_if<ConceptPrompt::Box>(&prompt)) {
      query.prompt.boxes.push_back(*box);
      asks_for_something |= box->positive;
    } else if (const auto* text = std::get_if<TextPrompt>(&prompt)) {
      query.prompt.text = text->text;
      asks_for_something = true;
    }
  }
  if (!asks_for_something) return std::nullopt;
  query.options.threshold = object.options.confidence_threshold;
  query.options.max_detections = object.options.max_masks;
  return query;
}

InteractiveQuery interactive_query(const SessionObject& object, std::span<const float> previous_logits) {
  InteractiveQuery query;
  query.multimask = object.options.multimask;
  for (const SessionPrompt& prompt : object.prompts) {
    if (const auto* point = std::get_if<PromptPoint>(&prompt)) query.prompt.points.push_back(*point);
    if (const auto* box = std::get_if<ConceptPrompt::Box>(&prompt)) query.prompt.box = box->corners;
    if (const auto* mask = std::get_if<MaskPrompt>(&prompt)) query.prompt.mask_input = *mask->logits;
  }
  if (object.options.refine && !previous_logits.empty()) {
    query.prompt.mask_input.assign(previous_logits.begin(), previous_logits.end());
  }
  return query;
}

}  // namespace

std::optional<PromptRequest> query_of(const SessionObject& object, std::span<const float> previous_logits) {
  if (object.prompts.empty()) return std::nullopt;
  if (mode_of(object) == SessionMode::kConcept) return concept_query(object);
  return interactive_query(object, previous_logits);
}

PromptRequest preview_query_of(const SessionObject& object, std::span<const float> previous_logits,
                               const PromptPoint& pointer) {
  InteractiveQuery query;
  if (mode_of(object) == SessionMode::kInteractive && !object.prompts.empty()) {
    query = interactive_query(object, previous_logits);
  }
  query.prompt.points.push_back(pointer);
  query.multimask = false;
  return query;
}

}  // namespace samcache

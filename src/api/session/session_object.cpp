#include "api/session/session_object.h"

#include <algorithm>

namespace samcache {
namespace {

template <class T>
std::size_t count_of(const SessionObject& object) {
  return static_cast<std::size_t>(std::count_if(object.prompts.begin(), object.prompts.end(),
                                                [](const auto& prompt) { return std::holds_alternative<T>(prompt); }));
}

Error clash(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Status check_concept(const SessionObject& object) {
  if (count_of<MaskPrompt>(object) > 0) {
    return clash("a mask asks for one object, not for everything of a kind: put it on an object without text");
  }
  if (count_of<PromptPoint>(object) > 0 && object.options.mode == SessionMode::kAutomatic) {
    return clash("points ask for one object, a text for everything of a kind: put the points on another object");
  }
  return {};
}

Status check_interactive(const SessionObject& object) {
  if (count_of<TextPrompt>(object) > 0) {
    return clash("a text asks for everything of a kind: put it on an object in mode \"concept\"");
  }
  if (count_of<ConceptPrompt::Box>(object) > 1) {
    return clash("one object has one box: remove the first, or add an object for the second");
  }
  const bool has_negative_box = std::any_of(object.prompts.begin(), object.prompts.end(), [](const auto& prompt) {
    const auto* box = std::get_if<ConceptPrompt::Box>(&prompt);
    return box != nullptr && !box->positive;
  });
  if (has_negative_box) return clash("the box of one object cannot be negative: use negative points");
  return {};
}

}  // namespace

SessionMode mode_of(const SessionObject& object) {
  if (object.options.mode != SessionMode::kAutomatic) return object.options.mode;
  const bool concept_prompts =
      count_of<TextPrompt>(object) > 0 ||
      (count_of<ConceptPrompt::Box>(object) > 0 && count_of<PromptPoint>(object) + count_of<MaskPrompt>(object) == 0);
  return concept_prompts ? SessionMode::kConcept : SessionMode::kInteractive;
}

Status check_object(const SessionObject& object) {
  if (object.prompts.size() > kMaxPromptsOfObject) {
    return Error{ErrorCode::kTooLarge, "an object has at most " + std::to_string(kMaxPromptsOfObject) + " prompts"};
  }
  return mode_of(object) == SessionMode::kConcept ? check_concept(object) : check_interactive(object);
}

std::size_t prompt_bytes(const SessionObject& object) {
  std::size_t bytes = sizeof(SessionObject);
  for (const SessionPrompt& prompt : object.prompts) {
    bytes += sizeof(SessionPrompt);
    if (const auto* text = std::get_if<TextPrompt>(&prompt)) bytes += text->text.size();
  }
  return bytes;
}

std::size_t mask_bytes(const SessionPrompt& prompt) {
  const auto* mask = std::get_if<MaskPrompt>(&prompt);
  return mask == nullptr ? 0 : mask->logits->size() * sizeof(float);
}

}  // namespace samcache

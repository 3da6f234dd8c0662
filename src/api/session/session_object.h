// One object of a session: the prompts that ask for it, in the order in which they were given, and its options.
//
// Coordinates are pixels of the upright image, origin top left. Plain values; nothing here knows a wire or a model.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "engine/concept_prompt.h"
#include "engine/prompt_point.h"

namespace samcache {

enum class SessionMode {
  kAutomatic,    // concept with a text or with boxes alone, else interactive
  kConcept,      // everything of the kind
  kInteractive,  // one object
};

struct ObjectOptions {
  SessionMode mode = SessionMode::kAutomatic;
  float confidence_threshold = 0.5F;  // concept: what scores more is answered
  int max_masks = 100;                // concept: at most this many, best first
  bool multimask = false;             // interactive: all alternatives, not the best alone
  bool refine = false;                // interactive: start from the mask that was answered before

  bool operator==(const ObjectOptions&) const = default;
};

struct TextPrompt {
  std::string text;
};
struct MaskPrompt {
  std::shared_ptr<const std::vector<float>> logits;  // InteractivePrompt::mask_input; shared by all copies
};
using SessionPrompt = std::variant<PromptPoint, ConceptPrompt::Box, TextPrompt, MaskPrompt>;

struct SessionObject {
  int id = 0;
  std::vector<SessionPrompt> prompts = {};  // one text and one mask at most
  ObjectOptions options = {};
};

inline constexpr std::size_t kMaxPromptsOfObject = kMaxExemplars;

// kConcept or kInteractive: what the object's prompts are in its mode.
SessionMode mode_of(const SessionObject& object);

// Whether the prompts can be answered together: kTooLarge when there are too many, kInvalidArgument when they do not go
// together (a mask with a text, two boxes around one object, ...) and what to do instead.
Status check_object(const SessionObject& object);

// Memory of the prompts; masks not counted, since copies share them.
std::size_t prompt_bytes(const SessionObject& object);
std::size_t mask_bytes(const SessionPrompt& prompt);  // 0: not a mask

}  // namespace samcache

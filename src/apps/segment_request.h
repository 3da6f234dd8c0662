// What `samcache segment` is asked for: the command line's words, checked and made into a prompt.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/engine.h"

namespace samcache {

// As they stand on the command line.
struct PromptArguments {
  std::vector<std::string> texts = {};
  std::vector<std::string> points = {};
  std::vector<std::string> boxes = {};
  std::string mask = {};  // file; empty: none
  std::string mode = {};  // empty: by the prompts
  bool multimask = false;
  std::optional<double> threshold = {};
  std::optional<int> max_masks = {};
};

// One object.
struct InteractiveRequest {
  InteractivePrompt prompt;  // without its mask, which needs the picture's size
  std::string mask_file;     // empty: none
  bool multimask = false;
};

// All instances of one concept, or of several in turn.
struct ConceptRequest {
  std::vector<std::string> texts;  // empty: the exemplars alone are the concept
  ConceptPrompt exemplars;         // for every text; its own text is empty
  ConceptOptions options;

  // One for each text; at least one.
  std::size_t prompt_count() const { return texts.empty() ? 1 : texts.size(); }
  ConceptPrompt prompt(std::size_t index) const;
};

using SegmentRequest = std::variant<InteractiveRequest, ConceptRequest>;

inline constexpr int kDefaultMaxMasks = 100;  // of one concept

// Concept when `mode` says so, or says nothing and there is text, or boxes and neither points nor a mask; else
// interactive. kInvalidArgument for what is malformed, asks for nothing, or is not part of the mode.
Result<SegmentRequest> parse_segment_request(const PromptArguments& arguments);

// Whether everything lies within a picture (see prompt_syntax.h).
Status check_request_fits(const SegmentRequest& request, int width, int height);

}  // namespace samcache

// What is asked of the model for one object of a session.
#pragma once

#include <optional>
#include <span>

#include "api/session/session_object.h"
#include "service/prompt_service.h"

namespace samcache {

// Of all the object's prompts; nothing when they ask for nothing (none, or only what the concept is not). With the
// option `refine` one object starts from `previous_logits` (of its last answer; empty: there is none), else from its
// mask. Requires check_object.
std::optional<PromptRequest> query_of(const SessionObject& object, std::span<const float> previous_logits);

// The same with one more click, for a pointer that hovers; of a concept the click alone. One mask is answered.
PromptRequest preview_query_of(const SessionObject& object, std::span<const float> previous_logits,
                               const PromptPoint& pointer);

}  // namespace samcache

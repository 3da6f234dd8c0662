// What to ask about a scene while learning concepts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/geometry_encoder.h"
#include "scenes/concept.h"
#include "scenes/random.h"
#include "train_demo/example.h"

namespace samcache::train {

// The text of a question that has only exemplars, as the engine asks it.
inline constexpr const char* kVisualText = "visual";

struct Question {
  std::string text;
  GeometryPrompt exemplars;
  std::vector<std::int64_t> answers;  // objects of the example
};

// Half of them texts of what is there, a quarter of what is not (most of these near misses), a quarter exemplars, some
// with their text.
Question make_question(const Example& example, scenes::Random& random);

}  // namespace samcache::train

// Lists of points and boxes inside a JSON object: {"points": [{"coords": [x, y], "positive": true}, ...],
// "boxes": [{"coords": [x0, y0, x1, y1], "positive": true}, ...]}.
#pragma once

#include <cstddef>
#include <vector>

#include "api/json/prompt_coordinates.h"
#include "api/json/strict_json.h"
#include "engine/concept_prompt.h"

namespace samcache {

// Points or boxes of one list; how many a model takes, the engine says.
inline constexpr std::size_t kMaxListedPrompts = 1000;

// In pixels; a wrong one is an error of `fields`, with its path.
std::vector<PromptPoint> read_points(JsonFields& fields, const CoordinateFrame& frame);
std::vector<ConceptPrompt::Box> read_boxes(JsonFields& fields, const CoordinateFrame& frame);

}  // namespace samcache

// Scenes with what the model makes of them, on one picture for a person to look at.
#pragma once

#include "base/pixels.h"
#include "engine/engine.h"

namespace samcache::eval {

// Sixteen scenes of the evaluation in four rows: asked by text, by an exemplar, by a click, by a box. The prompt is
// drawn in; what a text or an exemplar finds carries its score.
Result<RgbImage> contact_sheet(const Engine& engine);

}  // namespace samcache::eval

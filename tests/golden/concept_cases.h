// The concept reference cases: their arguments as prompts, our intermediate values under the official names.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "golden/golden_data.h"
#include "golden/interactive_cases.h"

namespace samcache::golden {

struct ConceptCase {
  std::string name;  // "img0/text_person_boxA/"
  ConceptPrompt prompt;
};

// Every case of cases.json for this picture.
std::vector<ConceptCase> concept_cases(const std::string& picture, int width, int height);

// Everything that `tapped` saw of one prompt (and of preparing the picture), renamed and put together as the official
// hooks recorded it: "dec/query_sine.1", "dec/hs", "prompt_mask", ….
std::map<std::string, std::vector<float>> official_stages(const Tapped& tapped, int decoder_layers);

}  // namespace samcache::golden

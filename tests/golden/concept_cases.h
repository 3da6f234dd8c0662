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

// The official code carries every text's padding along, we leave most of it off: the official values of a sequence of
// tokens (context text tokens, then others) without what we leave off. ours: how many values our sequence has; width:
// values a token.
std::vector<float> without_padding(const std::vector<float>& official, std::size_t ours, std::size_t width);

}  // namespace samcache::golden

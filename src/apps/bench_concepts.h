// Measurements of concept prompts: each part of one beside the limit that its operations set.
#pragma once

#include "apps/bench_measurements.h"

namespace samcache {

struct ConceptBench {
  const Engine& engine;
  const Encoding& trunk;  // of the picture
  int rounds = 3;
  int short_rounds = 30;
};

// Without rows when the model has no tokenizer: there are no texts to ask it for.
Result<std::vector<Measurement>> measure_concept_prompts(const ConceptBench& bench);

}  // namespace samcache

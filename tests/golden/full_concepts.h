// The concept cases of the full-size model, held against the official code.
#pragma once

#include <map>

#include "engine/engine.h"
#include "golden/golden_data.h"
#include "golden/strided_golden.h"

namespace samcache::golden {

struct ConceptLimits {
  bool every_stage = true;  // hold every kept stage to `relative_l2`, and detections and masks too
  double relative_l2 = 0;
  double box_sides = 0;  // how far an edge of any query's box may be off, in sides of the picture
};

// encoding: a detector (or trunk) encoding of full_640x427.png.
void expect_concept_cases(Engine& engine, const Encoding& encoding, GoldenFile& golden,
                          const std::map<std::string, Sample>& index, const ConceptLimits& limits);

}  // namespace samcache::golden

// What `samcache segment` prints: the masks of one prompt, where the encoding came from, how long it took.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/prompt_syntax.h"
#include "engine/engine.h"

namespace samcache {

struct SegmentAnswer {
  struct Timing {
    double load_ms = 0;    // reading or making the encoding, and preparing it; not loading the model
    double prompt_ms = 0;  // the model's part of the answer, masks at the picture's size included
  };
  InteractiveAnswer masks;
  std::vector<std::filesystem::path> files;  // written so far
  std::string cache;                         // "disk" or "encoded"
  Timing timing;
};

// {masks, boxes, scores, latency_ms, timing, cache} and, when there are any, files; one line. A mask is in its form if
// `formats` names one, else an object with an entry for each; an overlay is a file and has none.
Result<std::string> answer_json(const SegmentAnswer& answer, const std::vector<MaskFormat>& formats);

// The same for people, a line each: masks, times, files.
std::string answer_summary(const SegmentAnswer& answer);

}  // namespace samcache

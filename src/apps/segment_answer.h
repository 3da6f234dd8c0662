// What `samcache segment` prints: the masks that were found, where the encoding came from, how long it took.
//
// Takes masks one at a time and keeps their printed forms alone.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/mask_output.h"

namespace samcache {

struct SegmentTiming {
  double load_ms = 0;    // reading or making the encoding, and preparing it; not loading the model
  double prompt_ms = 0;  // the model's part of the answer; of one object, masks at the picture's size included
  double mask_ms = 0;    // enlarging masks to that size, and their forms in the JSON
};

struct AnswerSource {
  std::string cache;  // where the encoding came from: "disk" or "encoded"
  SegmentTiming timing;
  std::vector<std::filesystem::path> files;  // that were written
};

// One JSON line: {masks, boxes, scores, latency_ms, timing, cache}, with `labels` after the scores when text was asked
// for, and `files` when there are any. A mask is in its form if `formats` names one, else an object with an entry for
// each; null if all that is asked for are files.
class JsonAnswer {
 public:
  JsonAnswer(std::vector<MaskFormat> formats, bool labelled);
  Status add(const FoundMask& found, const BinaryMask& mask);
  // Once, after the last mask.
  std::string finish(const AnswerSource& source);

 private:
  std::vector<MaskFormat> formats_;  // forms of one mask alone
  nlohmann::ordered_json document_;
};

// The same for people, a line each: masks, times, files.
class AnswerSummary {
 public:
  void add(const FoundMask& found, const BinaryMask& mask);
  std::string text(const AnswerSource& source) const;

 private:
  std::size_t masks_ = 0;
  std::string lines_;
};

}  // namespace samcache

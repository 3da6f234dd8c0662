// Concept prompts: what finds every instance of something in a picture, and what is found.
//
// A concept is named by text, shown by exemplar boxes (or points), or both. Positive exemplars are instances of it,
// negative ones are what it is not.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "base/pixels.h"
#include "engine/prompt_point.h"

namespace samcache {

// Pixels of the original picture, origin top left; inside it, its far edges count.
struct ConceptPrompt {
  struct Box {
    std::array<float, 4> corners{};  // x0, y0, x1, y1; x0 < x1, y0 < y1
    bool positive = true;
  };
  using Point = PromptPoint;

  std::string text = {};           // UTF-8; tokens past the model's context are cut off
  std::vector<Box> boxes = {};     // exemplars
  std::vector<Point> points = {};  // exemplars too; only checkpoints in Meta's naming hold the weights for them

  std::size_t exemplar_count() const { return boxes.size() + points.size(); }
  bool has_positive_exemplar() const;
};

// More than these are refused: they are mistakes, and would take memory by the gigabyte.
inline constexpr std::size_t kMaxTextBytes = 4096;
inline constexpr std::size_t kMaxExemplars = 256;  // boxes and points together

struct ConceptOptions {
  float threshold = 0.5f;  // detections with score > threshold are answered
  int max_detections = 0;  // at most this many, those with the highest scores; 0: all
  bool masks = true;       // false: scores and boxes alone
};

struct Detection {
  float score = 0;             // 0..1: that it is the concept, times that the concept is in the picture
  std::array<float, 4> box{};  // x0, y0, x1, y1 in pixels; may reach past the picture's edges
  std::vector<float> low_res;  // [4G, 4G] logits; empty without ConceptOptions::masks
};

// Where the time of one prompt went. On a CUDA device a part ends when its work is handed over, so that what it takes
// is seen in the next part that waits for results: decoder or masks.
struct ConceptTiming {
  double text_ms = 0;    // tokens, and the text encoder unless the text was remembered
  double prompt_ms = 0;  // exemplars
  double fusion_ms = 0;
  double decoder_ms = 0;  // boxes and scores
  double masks_ms = 0;    // at low resolution

  double total_ms() const { return text_ms + prompt_ms + fusion_ms + decoder_ms + masks_ms; }
};

// Holds masks at low resolution alone: 200 masks of a 12-megapixel picture take 66 MB instead of 2.4 GB. Enlarge them
// one at a time.
struct ConceptAnswer {
  std::vector<Detection> detections;  // in the model's query order, which is not that of the scores
  float presence = 0;                 // 0..1: is the concept in the picture at all
  int width = 0;                      // of the picture
  int height = 0;
  int mask_side = 0;  // of every low_res
  ConceptTiming timing;

  // Detection `index` at the picture's size: bilinear logits > 0. Requires masks.
  BinaryMask mask(std::size_t index) const;
};

}  // namespace samcache

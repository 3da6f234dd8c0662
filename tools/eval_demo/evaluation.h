// How good a model is on scenes whose answers are known, asked as a user asks it: through the engine, from a stored
// encoding, in pixels of the picture.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "scenes/scene.h"

namespace samcache::eval {

// Counts of detections over all questions of one kind. A detection is right if its mask has an IoU of at least 0.5 with
// an instance that no detection of a higher score has.
struct DetectionCounts {
  long right = 0;
  long detections = 0;
  long instances = 0;

  double precision() const {
    return detections == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(detections);
  }
  double recall() const { return instances == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(instances); }
  double f1() const {
    const long all = detections + instances;
    return all == 0 ? 0.0 : 2.0 * static_cast<double>(right) / static_cast<double>(all);
  }
};

struct Scores {
  // IoU of every object of every scene, at the picture's size.
  std::vector<double> box;           // the object's exact box
  std::vector<double> one_click;     // in the middle of it
  std::vector<double> any_click;     // on any of its pixels
  std::vector<double> three_clicks;  // the first in the middle, the others in the middle of the largest mistake, missed
                                     // or in excess; each with the answer before as mask input
  // Two texts of what is there and one exemplar a scene; two texts of what is not there, one of them a near miss.
  DetectionCounts text, exemplar;
  long absent = 0;                                   // questions
  long absent_silent = 0;                            // of them, answered with nothing
  std::vector<double> encode_ms, click_ms, text_ms;  // text: with its first use of it, the image prepared
};

double mean(const std::vector<double>& values);
double median(std::vector<double> values);

// Adds what one scene shows. `seed` chooses the questions.
Status evaluate_scene(const Engine& engine, const scenes::Scene& scene, std::uint64_t seed, Scores& scores);

}  // namespace samcache::eval

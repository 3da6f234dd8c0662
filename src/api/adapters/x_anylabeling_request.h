// The body of X-AnyLabeling's `POST /v1/predict`, and the models it chooses from:
//
//   {"model": "samcache_concepts", "image": "data:image/jpeg;base64,…",
//    "params": {"text_prompt": "cat, dog", "conf_threshold": 0.5, "iou_threshold": 0.5, "epsilon_factor": 0.001,
//               "marks": [{"type": "rectangle", "data": [x0, y0, x1, y1], "label": 1},
//                         {"type": "point", "data": [x, y], "label": 0}]}}
//
// Coordinates are pixels; label 1 is what is meant, 0 what is not. Members that are not known are passed over: the body
// is another program's.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "engine/concept_prompt.h"
#include "service/prompt_service.h"

namespace samcache {

enum class XAnyLabelingModel {
  kConcepts,  // every instance of what texts and example boxes say
  kObject,    // one object, by points and boxes
};

struct XAnyLabelingRequest {
  XAnyLabelingModel model = XAnyLabelingModel::kConcepts;
  SharedBytes image;
  std::vector<std::string> texts;
  std::vector<PromptPoint> points;
  std::vector<ConceptPrompt::Box> boxes;
  double threshold = 0.5;
  double fineness = 0.001;  // of polygons, see mask_rings.h
  bool polygons = true;
  bool rectangles = false;
};

// kNotFound: another model; kCorrupt: an image that is no base64; kInvalidArgument with the JSON path of what is wrong;
// kTooLarge: over `max_bytes`.
Result<XAnyLabelingRequest> parse_x_anylabeling_request(std::string_view body, std::size_t max_bytes);

struct LabelledPrompt {
  std::string label;
  PromptRequest prompt;
};
// What the model is asked, one after the other; empty when the request asks for nothing. What lies outside of the
// picture is moved to its edge.
std::vector<LabelledPrompt> prompts_of(const XAnyLabelingRequest& request, int width, int height);

// {"samcache_concepts": {...}, "samcache_object": {...}}: the models and the controls that the tool shows for them.
std::string x_anylabeling_models_json();
// kNotFound: there is no such model.
Result<std::string> x_anylabeling_model_json(std::string_view id);

}  // namespace samcache

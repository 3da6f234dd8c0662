// The body of Label Studio's `POST /predict`, as its interactive annotation sends it:
//
//   {"tasks": [{"id": 7, "data": {"image": "/data/upload/1/x.jpg"}}], "label_config": "<View>…</View>",
//    "project": "1.1700000000", "model_version": "…",
//    "params": {"context": {"result": [
//        {"type": "keypointlabels", "is_positive": true, "value": {"x": 49.4, "y": 60.0, "keypointlabels": ["Cat"]}},
//        {"type": "rectanglelabels", "value": {"x": 10, "y": 10, "width": 30, "height": 40,
//                                              "rectanglelabels": ["Cat"]}}]}}}
//
// Coordinates are per cent of the picture. Members that are not known are passed over: the body is another program's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/adapters/label_config.h"
#include "base/error.h"
#include "engine/engine.h"

namespace samcache {

struct LabelStudioPrompt {
  std::string image;                             // the task's reference to it
  std::int64_t task_id = 0;                      // 0: none
  std::string label;                             // that the annotator has chosen
  std::vector<PromptPoint> points;               // per cent
  std::optional<std::array<float, 4>> box = {};  // x0, y0, x1, y1, per cent
};

struct LabelStudioRequest {
  LabelConfig config;
  std::optional<LabelStudioPrompt> prompt;  // nothing: no interaction yet, so that nothing is to be found
};

// kInvalidArgument with the JSON path of what is wrong; kTooLarge: over `max_bytes`.
Result<LabelStudioRequest> parse_label_studio_request(std::string_view body, std::size_t max_bytes);

// In pixels; what lies outside of the picture is moved to its edge.
InteractivePrompt prompt_in_pixels(const LabelStudioPrompt& prompt, int width, int height);

}  // namespace samcache

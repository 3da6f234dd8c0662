// The body of `POST /images/{id}/infer`: what is looked for, and how the answer is wanted.
//
//   {"text_prompt": "person", "boxes": [{"coords": [x0, y0, x1, y1], "positive": true}],
//    "points": [{"coords": [x, y], "positive": true}], "mask_input": ..., "mode": "concept" | "interactive",
//    "box_format": "xyxy" | "cxcywh" | "xywh", "units": "normalized" | "pixel", "confidence_threshold": 0.5,
//    "multimask_output": false, "mask_format": "rle" | "png" | "polygon" | "url" | "none", "max_masks": 100,
//    "return_logits": false}
//
// Without `mode` it is concept when there is text, or boxes and neither points nor a mask; else interactive.
#pragma once

#include <string_view>

#include "api/json/mask_json.h"
#include "api/json/strict_json.h"
#include "base/error.h"
#include "service/prompt_service.h"

namespace samcache {

// How a found mask comes in the answer.
enum class MaskAnswerForm { kRle, kPng, kPolygon, kUrl, kNone };

struct InferBody {
  PromptRequest request;  // in pixels
  MaskAnswerForm mask_form = MaskAnswerForm::kRle;
  bool return_logits = false;
  std::size_t max_masks = 100;
};

// What the body's numbers are measured against.
struct PromptedPicture {
  int width = 0;  // pixels, upright
  int height = 0;
  int logits_side = 0;  // of the model's masks (PromptService::logits_side)
};

// Masks and logits inside the body are what makes it large.
inline constexpr JsonLimits kInferBodyLimits = {.max_bytes = 16 << 20, .max_depth = 8, .max_values = 2'000'000};

// kInvalidArgument for whatever is not as above, with the JSON path; kTooLarge: over kInferBodyLimits.
Result<InferBody> parse_infer_body(std::string_view text, const PromptedPicture& picture);

}  // namespace samcache

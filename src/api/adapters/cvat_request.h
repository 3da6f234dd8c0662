// What CVAT sends a serverless interactor, through nuclio or as if this server were nuclio's dashboard:
//
//   {"image": "base64 of the file", "pos_points": [[x, y], …], "neg_points": [[x, y], …],
//    "obj_bbox": [[x0, y0], [x1, y1]] or [] or null}
//
// in pixels, and how such a function is described to it. Members that are not known are passed over: the body is
// another program's.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "engine/engine.h"

namespace samcache {

inline constexpr const char* kCvatFunction = "samcache";

struct CvatRequest {
  SharedBytes image;
  std::vector<PromptPoint> points;
  std::optional<std::array<float, 4>> box = {};  // x0, y0, x1, y1
};

// kCorrupt: an image that is no base64; kInvalidArgument with the JSON path of what is wrong, or for a request that
// asks for nothing; kTooLarge: over `max_bytes`.
Result<CvatRequest> parse_cvat_request(std::string_view body, std::size_t max_bytes);

// What lies outside of the picture is moved to its edge.
InteractivePrompt prompt_in_picture(const CvatRequest& request, int width, int height);

// The function as nuclio's dashboard describes it: {"metadata": …, "spec": …, "status": …}.
std::string cvat_function_json();

// {"mask": [[0, 255, …], …], "bounds": [left, top, right, bottom]}: the part of the mask that is not empty; right and
// bottom are its last column and row. An empty mask is one pixel that is not set.
std::string cvat_mask_json(const BinaryMask& mask);

}  // namespace samcache

// libFuzzer target: any bytes as the body of a prompt.
//
// It is refused in one line, or gives a prompt inside the picture that asks for something.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "api/json/infer_body.h"
#include "image/image_library.h"

namespace {

using samcache::ConceptQuery;
using samcache::InferBody;
using samcache::InteractiveQuery;
using samcache::PromptedPicture;
using samcache::Result;

constexpr PromptedPicture kPicture{.width = 64, .height = 48, .logits_side = 4};

void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

void require_box(const std::array<float, 4>& box) {
  require(box[0] >= 0 && box[1] >= 0 && box[2] <= kPicture.width && box[3] <= kPicture.height, "boxes are inside");
  require(box[0] < box[2] && box[1] < box[3], "boxes have an area");
}

void require_points(const std::vector<samcache::PromptPoint>& points) {
  for (const auto& point : points) {
    require(point.x >= 0 && point.x <= kPicture.width && point.y >= 0 && point.y <= kPicture.height,
            "points are inside");
  }
}

void check(const ConceptQuery& query) {
  require(!query.prompt.text.empty() || query.prompt.exemplar_count() > 0, "a concept is named or shown");
  require(query.options.threshold >= 0 && query.options.threshold <= 1, "the threshold is a score");
  require(query.options.max_detections > 0, "there is a limit");
  for (const auto& box : query.prompt.boxes) require_box(box.corners);
  require_points(query.prompt.points);
}

void check(const InteractiveQuery& query) {
  const auto& prompt = query.prompt;
  require(!prompt.points.empty() || prompt.box || !prompt.mask_input.empty(), "an object is pointed at");
  require(prompt.mask_input.empty() || prompt.mask_input.size() == 16, "logits have the model's size");
  require(std::ranges::all_of(prompt.mask_input, [](float v) { return std::isfinite(v); }), "logits are finite");
  if (prompt.box) require_box(*prompt.box);
  require_points(prompt.points);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const samcache::ImageLibrary image_library;  // for masks as PNG
  const Result<InferBody> body = samcache::parse_infer_body({reinterpret_cast<const char*>(data), size}, kPicture);
  if (!body) {
    const std::string& message = body.error().message;
    require(!message.empty() && message.find('\n') == std::string::npos, "errors are one line");
    require(message.size() < 1000, "errors are short");
    return 0;
  }
  std::visit([](const auto& query) { check(query); }, body->request);
  return 0;
}

// libFuzzer target: any bytes as what other annotation tools send, each parser given all of them.
//
// They are refused in one line, or give prompts inside the picture.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "api/adapters/cvat_request.h"
#include "api/adapters/image_reference.h"
#include "api/adapters/label_studio_request.h"
#include "api/adapters/web_address.h"
#include "api/adapters/x_anylabeling_request.h"

namespace {

constexpr int kWidth = 64;
constexpr int kHeight = 48;
constexpr std::size_t kMaxBytes = 1 << 20;

void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

template <class T>
void require_reason(const samcache::Result<T>& refused) {
  const std::string& why = refused.error().message;
  require(!why.empty() && why.find('\n') == std::string::npos, "a refusal is one line");
}

bool inside(float x, float y) { return x >= 0 && x <= kWidth && y >= 0 && y <= kHeight; }

void require_inside(const samcache::InteractivePrompt& prompt) {
  for (const samcache::PromptPoint& point : prompt.points) require(inside(point.x, point.y), "points are inside");
  if (!prompt.box) return;
  const auto& [x0, y0, x1, y1] = *prompt.box;
  require(inside(x0, y0) && inside(x1, y1), "boxes are inside");
  require(x0 <= x1 && y0 <= y1, "boxes are not turned round");
}

void try_label_studio(std::string_view text) {
  const auto request = samcache::parse_label_studio_request(text, kMaxBytes);
  if (!request) return require_reason(request);
  if (!request->prompt) return;
  require(!request->prompt->image.empty(), "there is a picture");
  require_inside(samcache::prompt_in_pixels(*request->prompt, kWidth, kHeight));
}

void try_x_anylabeling(std::string_view text) {
  const auto request = samcache::parse_x_anylabeling_request(text, kMaxBytes);
  if (!request) return require_reason(request);
  for (const samcache::LabelledPrompt& labelled : samcache::prompts_of(*request, kWidth, kHeight)) {
    const auto* object = std::get_if<samcache::InteractiveQuery>(&labelled.prompt);
    if (object != nullptr) require_inside(object->prompt);
  }
}

void try_cvat(std::string_view text) {
  const auto request = samcache::parse_cvat_request(text, kMaxBytes);
  if (!request) return require_reason(request);
  require(!request->points.empty() || request->box, "something is asked");
  require_inside(samcache::prompt_in_picture(*request, kWidth, kHeight));
}

void try_address(std::string_view text) {
  const auto address = samcache::parse_web_address(text);
  if (!address) return require_reason(address);
  require(address->url == text, "an address stays as it was written");
  const std::string_view origin = address->origin;
  const std::size_t host = origin.find("://") + 3;
  require(origin.find_first_of("/@?#\\ ", host) == std::string_view::npos, "an origin is scheme, host and port");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_label_studio(text);
  try_x_anylabeling(text);
  try_cvat(text);
  try_address(text);
  const auto reference = samcache::parse_image_reference(text, 7, "https://label-studio.example");
  if (!reference) require_reason(reference);
  return 0;
}

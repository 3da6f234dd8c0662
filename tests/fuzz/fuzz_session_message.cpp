// libFuzzer target: any bytes as what clients say in a session, a message a line.
//
// What is accepted is applied to a document, which must keep its promises: a current object, prompts inside the picture
// that go together, limits, and a history in which every step can be taken back and made again.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "api/session/session_document.h"
#include "api/session/session_message.h"
#include "api/session/session_query.h"
#include "image/image_library.h"

namespace {

using namespace samcache;

constexpr PromptedPicture kPicture{.width = 200, .height = 100, .logits_side = 4};

void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

bool inside(float x, float y) { return x >= 0 && y >= 0 && x <= kPicture.width && y <= kPicture.height; }

void check_prompt(const SessionPrompt& prompt) {
  if (const auto* point = std::get_if<PromptPoint>(&prompt)) {
    require(inside(point->x, point->y), "points lie in the picture");
  } else if (const auto* box = std::get_if<ConceptPrompt::Box>(&prompt)) {
    const auto& [x0, y0, x1, y1] = box->corners;
    require(inside(x0, y0) && inside(x1, y1) && x0 < x1 && y0 < y1, "boxes lie in the picture and have an area");
  } else if (const auto* text = std::get_if<TextPrompt>(&prompt)) {
    require(!text->text.empty() && text->text.size() <= kMaxTextBytes, "texts are limited");
  } else {
    const std::vector<float>& logits = *std::get<MaskPrompt>(prompt).logits;
    require(logits.size() == std::size_t{kPicture.logits_side} * kPicture.logits_side, "masks have the model's size");
    for (const float value : logits) require(std::isfinite(value), "logits are numbers");
  }
}

void check_document(const SessionDocument& document) {
  const std::vector<int> ids = document.object_ids();
  require(!ids.empty() && ids.size() <= kMaxObjects, "there are objects, and not too many");
  require(document.find(document.current().id) == &document.current(), "the current object is one of them");
  for (const int id : ids) {
    const SessionObject& object = *document.find(id);
    require(check_object(object).ok(), "what an object holds goes together");
    for (const SessionPrompt& prompt : object.prompts) check_prompt(prompt);
    (void)query_of(object, {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ImageLibrary library;  // reads the masks that are PNGs
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  SessionDocument document;
  WireOptions wire;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const ClientMessage message = parse_client_message(line, wire, kPicture);
    if (!message.action.ok()) continue;
    const ClientAction& action = *message.action;
    if (const auto* preview = std::get_if<Preview>(&action)) check_prompt(preview->pointer);
    const Status applied = document.apply(action, message.object.value_or(document.current().id));
    const auto* options = std::get_if<SetOptions>(&action);
    if (applied.ok() && options != nullptr) wire = options->applied_to(wire);
    check_document(document);
  }
  std::size_t steps = 0;
  while (document.undo()) ++steps;
  require(steps <= kMaxSteps, "the history is limited");
  check_document(document);
  std::size_t again = 0;
  while (document.redo()) ++again;
  require(again >= steps, "what was undone can be redone");
  check_document(document);
  return 0;
}

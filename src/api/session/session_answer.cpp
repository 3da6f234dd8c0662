#include "api/session/session_answer.h"

#include <algorithm>
#include <functional>

#include "api/json/mask_json.h"
#include "api/session/mask_frame.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& document) { return document.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json json_of(const SessionPrompt& prompt) {
  struct Visitor {
    Json operator()(const PromptPoint& point) const {
      return {{"type", "point"}, {"point", {point.x, point.y}}, {"positive", point.positive}};
    }
    Json operator()(const ConceptPrompt::Box& box) const {
      return {{"type", "box"}, {"box", box.corners}, {"positive", box.positive}};
    }
    Json operator()(const TextPrompt& text) const { return {{"type", "text"}, {"text", text.text}}; }
    Json operator()(const MaskPrompt&) const { return {{"type", "mask"}}; }
  };
  return std::visit(Visitor{}, prompt);
}

void describe_object(Json& out, const SessionDocument& document, int id) {
  out["object"] = id;
  out["objects"] = document.object_ids();
  const SessionObject* const object = document.find(id);
  out["prompts"] = Json::array();
  if (object == nullptr) return;
  for (const SessionPrompt& prompt : object->prompts) out["prompts"].push_back(json_of(prompt));
  out["mode"] = mode_of(*object) == SessionMode::kConcept ? "concept" : "interactive";
}

}  // namespace

std::string error_text(const nlohmann::json& seq, const SessionError& error) {
  Json document{{"type", "error"}, {"seq", seq}, {"detail", error.error.message}};
  if (error.object != 0) document["object"] = error.object;
  if (error.recorded) document["recorded"] = true;
  if (error.retry_after_ms != 0) document["retry_after_ms"] = error.retry_after_ms;
  return dumped(document);
}

std::string superseded_text(const nlohmann::json& seq) { return dumped({{"type", "superseded"}, {"seq", seq}}); }

std::string pong_text(const nlohmann::json& seq) { return dumped({{"type", "pong"}, {"seq", seq}}); }

Status SessionAnswer::add(const AnsweredMask& found, const BinaryMask& mask) {
  Found kept{.score = found.score, .box = found.box};
  const auto keep_form = [&](MaskForm form) -> Status {
    Result<Json> json = json_from_mask(mask, form);
    if (!json) return json.error();
    kept.mask = *std::move(json);
    return {};
  };
  Status status;
  switch (format_) {
    case SessionMaskFormat::kRle: status = keep_form(MaskForm::kRle); break;
    case SessionMaskFormat::kPng: status = keep_form(MaskForm::kPng); break;
    case SessionMaskFormat::kPolygon: status = keep_form(MaskForm::kPolygon); break;
    case SessionMaskFormat::kBinary: kept.frame = mask_frame_bytes(number_, 0, mask); break;
    case SessionMaskFormat::kNone: break;
  }
  if (status) found_.push_back(std::move(kept));
  return status;
}

void SessionAnswer::sort_best_first() { std::ranges::stable_sort(found_, std::ranges::greater(), &Found::score); }

std::string SessionAnswer::text(const About& about, const PromptAnswer& answer) const {
  const bool is_binary = format_ == SessionMaskFormat::kBinary;
  Json document{{"type", "inference_result"}, {"seq", about.seq}, {"answer", number_}};
  describe_object(document, about.document, about.object);
  if (about.preview) document["preview"] = true;
  for (const char* list : {"masks", "boxes", "scores"}) document[list] = Json::array();
  for (const Found& found : found_) {
    if (!is_binary && format_ != SessionMaskFormat::kNone) document["masks"].push_back(found.mask);
    document["boxes"].push_back(found.box);
    document["scores"].push_back(found.score);
  }
  if (is_binary) document["frames"] = found_.size();
  document["latency_ms"] = about.latency_ms;
  const auto& [load_ms, prompt_ms, mask_ms] = answer.timing;
  document["timing"] = {{"load_ms", load_ms}, {"prompt_ms", prompt_ms}, {"mask_ms", mask_ms}};
  document["cache"] = answer.cache.empty() ? Json() : Json(answer.cache);
  document["can_undo"] = about.document.can_undo();
  document["can_redo"] = about.document.can_redo();
  return dumped(document);
}

std::vector<std::vector<std::byte>> SessionAnswer::take_frames() {
  std::vector<std::vector<std::byte>> frames;
  if (format_ != SessionMaskFormat::kBinary) return frames;
  for (Found& found : found_) {
    set_mask_frame_index(found.frame, static_cast<std::uint32_t>(frames.size()));
    frames.push_back(std::move(found.frame));
  }
  return frames;
}

}  // namespace samcache

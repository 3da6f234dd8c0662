#include "api/session/session_message.h"

#include <limits>

#include "api/json/mask_json.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr JsonFields::Choice<SessionMode> kModes[] = {{"automatic", SessionMode::kAutomatic},
                                                      {"concept", SessionMode::kConcept},
                                                      {"interactive", SessionMode::kInteractive}};
constexpr JsonFields::Choice<SessionMaskFormat> kMaskFormats[] = {{"rle", SessionMaskFormat::kRle},
                                                                  {"png", SessionMaskFormat::kPng},
                                                                  {"polygon", SessionMaskFormat::kPolygon},
                                                                  {"binary", SessionMaskFormat::kBinary},
                                                                  {"none", SessionMaskFormat::kNone}};
constexpr int kMaxMasks = 1000;
constexpr int kMaxId = std::numeric_limits<int>::max();
constexpr std::size_t kMaxSeqBytes = 64;

// What the readers below share: the members of the message, and what its numbers mean.
struct Reading {
  JsonFields& fields;
  const WireOptions& wire;
  const PromptedPicture& picture;
};

// Errors of the readers are remembered by `fields`; what they answer then is not looked at.
ClientAction failed(JsonFields& fields, const Error& error) {
  fields.refuse(error);
  return Ping{};
}

const Json& required(JsonFields& fields, std::string_view name) {
  static const Json kNothing;
  const Json* const value = fields.take(name);
  if (value != nullptr) return *value;
  fields.refuse("", "needs \"" + std::string(name) + "\"");
  return kNothing;
}

CoordinateFrame frame_of(const Reading& reading) {
  CoordinateFrame frame{.units = reading.wire.units,
                        .box_format = reading.wire.box_format,
                        .width = reading.picture.width,
                        .height = reading.picture.height};
  reading.fields.read("units", frame.units, kCoordinateUnits);
  return frame;
}

Result<PromptPoint> read_point(const Reading& reading) {
  bool positive = true;
  reading.fields.read("positive", positive);
  return point_from_json(required(reading.fields, "point"), positive, frame_of(reading), "point");
}

ClientAction read_add_point(const Reading& reading) {
  const Result<PromptPoint> point = read_point(reading);
  return point ? ClientAction(AddPrompt{*point}) : failed(reading.fields, point.error());
}

ClientAction read_preview(const Reading& reading) {
  const Result<PromptPoint> point = read_point(reading);
  return point ? ClientAction(Preview{*point}) : failed(reading.fields, point.error());
}

ClientAction read_add_box(const Reading& reading) {
  ConceptPrompt::Box box;
  reading.fields.read("positive", box.positive);
  CoordinateFrame frame = frame_of(reading);
  reading.fields.read("box_format", frame.box_format, kBoxFormats);
  const auto corners = box_from_json(required(reading.fields, "box"), frame, "box");
  if (!corners) return failed(reading.fields, corners.error());
  box.corners = *corners;
  return AddPrompt{box};
}

ClientAction read_set_text(const Reading& reading) {
  std::string text;
  reading.fields.read("text", text, kMaxTextBytes);
  if (text.empty()) return RemoveText{};
  return AddPrompt{TextPrompt{std::move(text)}};
}

ClientAction read_set_mask(const Reading& reading) {
  const Json* const mask = reading.fields.take("mask");
  if (mask == nullptr) return RemoveMask{};
  const auto& [width, height, side] = reading.picture;
  Result<std::vector<float>> logits = mask_input_from_json(*mask, width, height, side, "mask");
  if (!logits) return failed(reading.fields, logits.error());
  return AddPrompt{MaskPrompt{std::make_shared<const std::vector<float>>(*std::move(logits))}};
}

ClientAction read_remove(const Reading& reading) {
  int index = 0;
  if (!reading.fields.read("prompt", index, 0, kMaxId)) return RemoveObject{};
  return RemovePrompt{static_cast<std::size_t>(index)};
}

ClientAction read_set_options(const Reading& reading) {
  SetOptions options;
  const auto read = [&](std::string_view name, auto& option, const auto&... limits) {
    typename std::remove_reference_t<decltype(option)>::value_type value{};
    if (reading.fields.read(name, value, limits...)) option = value;
  };
  read("mode", options.mode, kModes);
  read("confidence_threshold", options.confidence_threshold, 0.0, 1.0);
  read("max_masks", options.max_masks, 1, kMaxMasks);
  read("multimask_output", options.multimask);
  read("refine", options.refine);
  read("units", options.units, kCoordinateUnits);
  read("box_format", options.box_format, kBoxFormats);
  read("mask_format", options.mask_format, kMaskFormats);
  return options;
}

template <class Action>
ClientAction bare(const Reading&) {
  return Action{};
}

using Reader = ClientAction (*)(const Reading&);
enum class AboutObject { kNo, kMay, kMust };

struct MessageType {
  Reader read;
  AboutObject object;
};

constexpr JsonFields::Choice<MessageType> kTypes[] = {
    {"add_box", {read_add_box, AboutObject::kMay}},
    {"add_point", {read_add_point, AboutObject::kMay}},
    {"set_text", {read_set_text, AboutObject::kMay}},
    {"set_mask", {read_set_mask, AboutObject::kMay}},
    {"remove", {read_remove, AboutObject::kMay}},
    {"undo", {bare<Undo>, AboutObject::kNo}},
    {"redo", {bare<Redo>, AboutObject::kNo}},
    {"reset", {bare<Reset>, AboutObject::kNo}},
    {"set_options", {read_set_options, AboutObject::kMay}},
    {"add_object", {bare<AddObject>, AboutObject::kNo}},
    {"select_object", {bare<SelectObject>, AboutObject::kMust}},
    {"preview", {read_preview, AboutObject::kMay}},
    {"ping", {bare<Ping>, AboutObject::kNo}},
};

Json seq_of(JsonFields& fields) {
  const Json* const seq = fields.take("seq");
  if (seq == nullptr) return {};
  const bool short_text = seq->is_string() && seq->get_ref<const std::string&>().size() <= kMaxSeqBytes;
  if (short_text || seq->is_number()) return *seq;
  fields.refuse("seq", "must be a number or a text of at most " + std::to_string(kMaxSeqBytes) + " bytes");
  return {};
}

Result<ClientAction> read_action(const Reading& reading, std::optional<int>& object) {
  JsonFields& fields = reading.fields;
  MessageType type{};
  if (!fields.read("type", type, kTypes)) {
    fields.refuse("", "needs a \"type\"");
    return fields.finish().error();
  }
  if (type.object != AboutObject::kNo) {
    int id = 0;
    if (fields.read("object", id, 1, kMaxId)) object = id;
  }
  ClientAction action = type.read(reading);
  const bool names_none = !object.has_value();
  if (names_none && type.object == AboutObject::kMust) fields.refuse("", "needs \"object\"");
  if (names_none && std::holds_alternative<RemoveObject>(action)) {
    fields.refuse("", "needs \"prompt\" (which of the object's) or \"object\" (all of it)");
  }
  if (Status status = fields.finish(); !status) return status.error();
  return action;
}

}  // namespace

ClientMessage parse_client_message(std::string_view text, const WireOptions& wire, const PromptedPicture& picture) {
  ClientMessage message{.seq = {}, .action = ClientAction(Ping{})};
  const Result<Json> document = parse_json(text, kSessionMessageLimits);
  if (!document) {
    message.action = document.error();
    return message;
  }
  JsonFields fields(*document, "");
  message.seq = seq_of(fields);
  message.action = read_action({.fields = fields, .wire = wire, .picture = picture}, message.object);
  return message;
}

}  // namespace samcache

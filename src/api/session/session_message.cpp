#include "api/session/session_message.h"

#include <limits>

#include "api/json/mask_json.h"
#include "api/json/prompt_lists.h"

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

CoordinateFrame box_frame_of(const Reading& reading) {
  CoordinateFrame frame = frame_of(reading);
  reading.fields.read("box_format", frame.box_format, kBoxFormats);
  return frame;
}

ClientAction read_add_box(const Reading& reading) {
  ConceptPrompt::Box box;
  reading.fields.read("positive", box.positive);
  const CoordinateFrame frame = box_frame_of(reading);
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

// Nothing: there is no mask, or it is wrong.
std::optional<MaskPrompt> read_mask(const Reading& reading) {
  const Json* const mask = reading.fields.take("mask");
  if (mask == nullptr) return std::nullopt;
  const auto& [width, height, side] = reading.picture;
  Result<std::vector<float>> logits = mask_input_from_json(*mask, width, height, side, "mask");
  if (!logits) {
    reading.fields.refuse(logits.error());
    return std::nullopt;
  }
  return MaskPrompt{std::make_shared<const std::vector<float>>(*std::move(logits))};
}

ClientAction read_set_mask(const Reading& reading) {
  std::optional<MaskPrompt> mask = read_mask(reading);
  return mask ? ClientAction(AddPrompt{*std::move(mask)}) : RemoveMask{};
}

ClientAction read_remove(const Reading& reading) {
  int index = 0;
  if (!reading.fields.read("prompt", index, 0, kMaxId)) return RemoveObject{};
  return RemovePrompt{static_cast<std::size_t>(index)};
}

template <class T, class... Limits>
void read_option(const Reading& reading, std::string_view name, std::optional<T>& option, const Limits&... limits) {
  T value{};
  if (reading.fields.read(name, value, limits...)) option = value;
}

OptionChanges read_option_changes(const Reading& reading) {
  OptionChanges changes;
  read_option(reading, "mode", changes.mode, kModes);
  read_option(reading, "confidence_threshold", changes.confidence_threshold, 0.0, 1.0);
  read_option(reading, "max_masks", changes.max_masks, 1, kMaxMasks);
  read_option(reading, "multimask_output", changes.multimask);
  read_option(reading, "refine", changes.refine);
  return changes;
}

ClientAction read_set_options(const Reading& reading) {
  SetOptions options{.of_object = read_option_changes(reading)};
  read_option(reading, "units", options.units, kCoordinateUnits);
  read_option(reading, "box_format", options.box_format, kBoxFormats);
  read_option(reading, "mask_format", options.mask_format, kMaskFormats);
  return options;
}

ClientAction read_set_prompts(const Reading& reading) {
  SetPrompts set;
  std::string text;
  reading.fields.read("text", text, kMaxTextBytes);
  if (!text.empty()) set.prompts.emplace_back(TextPrompt{std::move(text)});
  const CoordinateFrame frame = box_frame_of(reading);
  for (const ConceptPrompt::Box& box : read_boxes(reading.fields, frame)) set.prompts.emplace_back(box);
  for (const PromptPoint& point : read_points(reading.fields, frame)) set.prompts.emplace_back(point);
  if (std::optional<MaskPrompt> mask = read_mask(reading)) set.prompts.emplace_back(*std::move(mask));
  set.options = read_option_changes(reading);
  return set;
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
    {"set_prompts", {read_set_prompts, AboutObject::kMay}},
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

ObjectOptions OptionChanges::applied_to(ObjectOptions options) const {
  options.mode = mode.value_or(options.mode);
  if (confidence_threshold) options.confidence_threshold = static_cast<float>(*confidence_threshold);
  options.max_masks = max_masks.value_or(options.max_masks);
  options.multimask = multimask.value_or(options.multimask);
  options.refine = refine.value_or(options.refine);
  return options;
}

WireOptions SetOptions::applied_to(WireOptions wire) const {
  wire.units = units.value_or(wire.units);
  wire.box_format = box_format.value_or(wire.box_format);
  wire.mask_format = mask_format.value_or(wire.mask_format);
  return wire;
}

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

// What a client says in a session (docs/websocket.md), read strictly: an unknown type, an unknown field, a wrong type,
// a number that is none or lies outside the picture is an error, and nothing else happens.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "api/json/infer_body.h"
#include "api/json/prompt_coordinates.h"
#include "api/session/session_object.h"
#include "base/error.h"

namespace samcache {

enum class SessionMaskFormat { kRle, kPng, kPolygon, kBinary, kNone };

// How the client writes coordinates and wants masks; of the whole session.
struct WireOptions {
  CoordinateUnits units = CoordinateUnits::kNormalized;
  BoxFormat box_format = BoxFormat::kXyxy;
  SessionMaskFormat mask_format = SessionMaskFormat::kRle;
};

struct AddPrompt {
  SessionPrompt prompt;  // in pixels
};
// What an object's options become; what is not there stays as it is.
struct OptionChanges {
  std::optional<SessionMode> mode = {};
  std::optional<double> confidence_threshold = {};
  std::optional<int> max_masks = {};
  std::optional<bool> multimask = {};
  std::optional<bool> refine = {};

  ObjectOptions applied_to(ObjectOptions options) const;
};
struct SetPrompts {
  std::vector<SessionPrompt> prompts;  // all of the object's, in pixels
  OptionChanges options = {};
};
struct RemovePrompt {
  std::size_t index = 0;
};
struct RemoveText {};
struct RemoveMask {};
struct AddObject {};
struct RemoveObject {};
struct SelectObject {};
struct Undo {};
struct Redo {};
struct Reset {};
struct SetOptions {  // what is not there stays as it is
  OptionChanges of_object = {};
  std::optional<CoordinateUnits> units = {};
  std::optional<BoxFormat> box_format = {};
  std::optional<SessionMaskFormat> mask_format = {};

  WireOptions applied_to(WireOptions wire) const;
};
struct Preview {
  PromptPoint pointer;  // in pixels
};
struct Ping {};

using ClientAction = std::variant<AddPrompt, SetPrompts, RemovePrompt, RemoveText, RemoveMask, AddObject, RemoveObject,
                                  SelectObject, Undo, Redo, Reset, SetOptions, Preview, Ping>;

struct ClientMessage {
  nlohmann::json seq;              // a number or a text that the answer repeats; null: none
  std::optional<int> object = {};  // none: the current one
  Result<ClientAction> action;     // or what was wrong with the message
};

inline constexpr JsonLimits kSessionMessageLimits = {.max_bytes = 1 << 20, .max_depth = 4, .max_values = 100'000};

ClientMessage parse_client_message(std::string_view text, const WireOptions& wire, const PromptedPicture& picture);

}  // namespace samcache

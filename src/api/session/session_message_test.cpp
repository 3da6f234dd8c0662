#include "api/session/session_message.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

constexpr PromptedPicture kPicture{.width = 200, .height = 100, .logits_side = 2};

ClientMessage parse(std::string_view text, const WireOptions& wire = {}) {
  return parse_client_message(text, wire, kPicture);
}

// The action, which must be there and of this kind.
template <class Action>
Action action_of(std::string_view text, const WireOptions& wire = {}) {
  const ClientMessage message = parse(text, wire);
  EXPECT_TRUE(message.action.ok()) << text << ": " << message.action.error().message;
  if (!message.action.ok() || !std::holds_alternative<Action>(*message.action)) {
    ADD_FAILURE() << text << " is something else";
    return {};
  }
  return std::get<Action>(*message.action);
}

std::string refusal_of(std::string_view text) {
  const ClientMessage message = parse(text);
  return message.action.ok() ? "nothing is wrong" : message.action.error().message;
}

TEST(SessionMessage, TheSeedsBoxWorksAsItStands) {
  const auto add = action_of<AddPrompt>(R"({"type": "add_box", "box": [0.1, 0.2, 0.3, 0.4], "positive": true})");
  const auto& box = std::get<ConceptPrompt::Box>(add.prompt);
  EXPECT_TRUE(box.positive);
  EXPECT_NEAR(box.corners[0], 20, 1e-4);
  EXPECT_NEAR(box.corners[1], 20, 1e-4);
  EXPECT_NEAR(box.corners[2], 60, 1e-4);
  EXPECT_NEAR(box.corners[3], 40, 1e-4);
}

TEST(SessionMessage, UnitsAndBoxFormatsAreTheSessionsUnlessTheMessageSaysOtherwise) {
  const WireOptions pixels{.units = CoordinateUnits::kPixel, .box_format = BoxFormat::kXywh};
  const auto box = action_of<AddPrompt>(R"({"type": "add_box", "box": [10, 20, 30, 40]})", pixels);
  EXPECT_EQ(std::get<ConceptPrompt::Box>(box.prompt).corners, (std::array<float, 4>{10, 20, 40, 60}));
  const auto point = action_of<AddPrompt>(
      R"({"type": "add_point", "point": [0.5, 0.5], "units": "normalized", "positive": false})", pixels);
  EXPECT_FLOAT_EQ(std::get<PromptPoint>(point.prompt).x, 100);
  EXPECT_FALSE(std::get<PromptPoint>(point.prompt).positive);
}

TEST(SessionMessage, SeqIsANumberOrAShortText) {
  EXPECT_EQ(parse(R"({"type": "undo", "seq": 7})").seq, 7);
  EXPECT_EQ(parse(R"({"type": "undo", "seq": "a1"})").seq, "a1");
  EXPECT_TRUE(parse(R"({"type": "undo"})").seq.is_null());
  EXPECT_NE(refusal_of(R"({"type": "undo", "seq": [1]})").find("seq"), std::string::npos);
  EXPECT_NE(refusal_of(R"({"type": "undo", "seq": ")" + std::string(65, 'x') + "\"}").find("seq"), std::string::npos);
}

TEST(SessionMessage, ARefusedMessageKeepsItsSeq) {
  const ClientMessage message = parse(R"({"type": "no such thing", "seq": 7})");
  EXPECT_FALSE(message.action.ok());
  EXPECT_EQ(message.seq, 7);
}

TEST(SessionMessage, TextIsSetAndTakenAway) {
  EXPECT_EQ(std::get<TextPrompt>(action_of<AddPrompt>(R"({"type": "set_text", "text": "red car"})").prompt).text,
            "red car");
  action_of<RemoveText>(R"({"type": "set_text", "text": ""})");
  action_of<RemoveText>(R"({"type": "set_text", "text": null})");
}

TEST(SessionMessage, AMaskIsSetAndTakenAway) {
  // 100 rows of 200: the left half is inside.
  const auto set =
      action_of<AddPrompt>(R"({"type": "set_mask", "mask": {"size": [100, 200], "counts": [0, 10000, 10000]}})");
  const std::vector<float>& logits = *std::get<MaskPrompt>(set.prompt).logits;
  ASSERT_EQ(logits.size(), 4U);
  EXPECT_GT(logits[0], 9.9F);
  EXPECT_LT(logits[1], -9.9F);
  action_of<RemoveMask>(R"({"type": "set_mask", "mask": null})");
  EXPECT_NE(refusal_of(R"({"type": "set_mask", "mask": {"size": [1, 1], "counts": [1]}})").find("mask"),
            std::string::npos);
}

TEST(SessionMessage, RemoveNamesAPromptOrAnObject) {
  EXPECT_EQ(action_of<RemovePrompt>(R"({"type": "remove", "prompt": 3})").index, 3U);
  action_of<RemoveObject>(R"({"type": "remove", "object": 2})");
  EXPECT_EQ(parse(R"({"type": "remove", "object": 2, "prompt": 0})").object, 2);
  EXPECT_NE(refusal_of(R"({"type": "remove"})").find("needs"), std::string::npos);
}

TEST(SessionMessage, OptionsThatAreNotNamedStayAsTheyAre) {
  const auto options = action_of<SetOptions>(
      R"({"type": "set_options", "mask_format": "binary", "confidence_threshold": 0.25, "refine": true})");
  EXPECT_EQ(options.mask_format, SessionMaskFormat::kBinary);
  EXPECT_EQ(options.of_object.confidence_threshold, 0.25);
  EXPECT_EQ(options.of_object.refine, true);
  EXPECT_FALSE(options.of_object.mode.has_value());
  EXPECT_FALSE(options.of_object.max_masks.has_value());
}

TEST(SessionMessage, SetPromptsSaysAllOfAnObject) {
  const auto set = action_of<SetPrompts>(
      R"({"type": "set_prompts", "object": 3, "units": "pixel", "box_format": "xywh", "mode": "interactive",
          "boxes": [{"coords": [10, 20, 30, 40]}], "points": [{"coords": [15, 25]},
          {"coords": [1, 2], "positive": false}], "mask": {"size": [100, 200], "counts": [0, 10000, 10000]},
          "multimask_output": true})");
  ASSERT_EQ(set.prompts.size(), 4U);
  EXPECT_EQ(std::get<ConceptPrompt::Box>(set.prompts[0]).corners, (std::array<float, 4>{10, 20, 40, 60}));
  EXPECT_FLOAT_EQ(std::get<PromptPoint>(set.prompts[1]).x, 15);
  EXPECT_FALSE(std::get<PromptPoint>(set.prompts[2]).positive);
  EXPECT_EQ(std::get<MaskPrompt>(set.prompts[3]).logits->size(), 4U);
  EXPECT_EQ(set.options.mode, SessionMode::kInteractive);
  EXPECT_EQ(set.options.multimask, true);
  EXPECT_FALSE(set.options.refine.has_value());
  EXPECT_TRUE(action_of<SetPrompts>(R"({"type": "set_prompts", "text": null, "points": []})").prompts.empty());
  EXPECT_EQ(std::get<TextPrompt>(action_of<SetPrompts>(R"({"type": "set_prompts", "text": "car"})").prompts[0]).text,
            "car");
}

TEST(SessionMessage, TheBareOnesAreKnown) {
  action_of<Undo>(R"({"type": "undo"})");
  action_of<Redo>(R"({"type": "redo"})");
  action_of<Reset>(R"({"type": "reset"})");
  action_of<AddObject>(R"({"type": "add_object"})");
  action_of<SelectObject>(R"({"type": "select_object", "object": 1})");
  action_of<Ping>(R"({"type": "ping"})");
  EXPECT_FLOAT_EQ(action_of<Preview>(R"({"type": "preview", "point": [0.5, 1]})").pointer.y, 100);
}

TEST(SessionMessage, WhatIsNotAMessageIsRefusedInWords) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "not JSON"},
      {"[]", "must be an object"},
      {"{}", "type"},
      {R"({"type": 1})", "type"},
      {R"({"type": "add_star"})", "add_star"},
      {R"({"type": "add_box"})", "box"},
      {R"({"type": "add_box", "box": [0, 0, 1]})", "4 numbers"},
      {R"({"type": "add_box", "box": [0, 0, 1, "1"]})", "box[3]"},
      {R"({"type": "add_box", "box": [0, 0, 1, NaN]})", "not JSON"},
      {R"({"type": "add_box", "box": [0, 0, 1, 1e999]})", "too large"},
      {R"({"type": "add_box", "box": [0, 0, 1, 1.5]})", "box"},
      {R"({"type": "add_box", "box": [0.5, 0, 0.5, 1]})", "box"},
      {R"({"type": "add_box", "box": [0, 0, 1, 1], "positive": "yes"})", "positive"},
      {R"({"type": "add_box", "box": [0, 0, 1, 1], "postive": true})", "postive"},
      {R"({"type": "add_box", "type": "undo", "box": [0, 0, 1, 1]})", "twice"},
      {R"({"type": "add_point", "point": [-0.1, 0]})", "point"},
      {R"({"type": "add_point", "point": {"x": 1, "y": 1}})", "point"},
      {R"({"type": "add_point", "point": [0, 0], "object": 0})", "object"},
      {R"({"type": "set_text", "text": 5})", "text"},
      {R"({"type": "set_text", "text": ")" + std::string(5000, 'x') + "\"}", "text"},
      {R"({"type": "set_options", "confidence_threshold": 1.5})", "confidence_threshold"},
      {R"({"type": "set_options", "max_masks": 1.5})", "max_masks"},
      {R"({"type": "set_options", "mask_format": "jpeg"})", "mask_format"},
      {R"({"type": "set_prompts", "points": [{"coords": [0.5, 2]}]})", "points[0].coords"},
      {R"({"type": "set_prompts", "boxes": [{"box": [0, 0, 1, 1]}]})", "boxes[0]"},
      {R"({"type": "set_prompts", "point": [0.5, 0.5]})", "point"},
      {R"({"type": "set_prompts", "mask": "not a picture"})", "mask"},
      {R"({"type": "set_prompts", "mask_format": "rle"})", "mask_format"},
      {R"({"type": "remove", "prompt": -1})", "prompt"},
      {R"({"type": "select_object"})", "object"},
      {R"({"type": "undo", "object": 1})", "object"},
      {R"({"type": [[[[[[1]]]]]]})", "nested"},
      {"{\"type\": \"set_text\", \"text\": \"\xff\"}", "not JSON"},
  };
  for (const auto& [text, words] : cases) {
    EXPECT_NE(refusal_of(text).find(words), std::string::npos) << text << " was refused as: " << refusal_of(text);
  }
}

TEST(SessionMessage, AHugeMessageIsRefusedUnread) {
  const std::string text(kSessionMessageLimits.max_bytes + 1, ' ');
  const ClientMessage message = parse(text);
  ASSERT_FALSE(message.action.ok());
  EXPECT_EQ(message.action.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace samcache

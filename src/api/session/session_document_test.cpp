#include "api/session/session_document.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

SessionPrompt point(float x, float y, bool positive = true) {
  return PromptPoint{.x = x, .y = y, .positive = positive};
}
SessionPrompt box(float x0, float y0, float x1, float y1, bool positive = true) {
  return ConceptPrompt::Box{.corners = {x0, y0, x1, y1}, .positive = positive};
}
SessionPrompt text(std::string words) { return TextPrompt{std::move(words)}; }
SessionPrompt mask(std::size_t values) { return MaskPrompt{std::make_shared<const std::vector<float>>(values, 1.0F)}; }

ErrorCode code_of(const Status& status) { return status.ok() ? ErrorCode::kIo : status.error().code; }

TEST(SessionDocument, StartsWithOneEmptyObjectAndNothingToUndo) {
  const SessionDocument document;
  EXPECT_EQ(document.object_ids(), std::vector<int>{1});
  EXPECT_TRUE(document.current().prompts.empty());
  EXPECT_FALSE(document.can_undo());
  EXPECT_FALSE(document.can_redo());
}

TEST(SessionDocument, UndoAndRedoWalkThroughEveryStep) {
  SessionDocument document;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(document.add_prompt(1, point(static_cast<float>(i), 0)).ok());
  EXPECT_TRUE(document.undo());
  EXPECT_TRUE(document.undo());
  EXPECT_EQ(document.current().prompts.size(), 1U);
  EXPECT_TRUE(document.redo());
  EXPECT_EQ(document.current().prompts.size(), 2U);
  EXPECT_FLOAT_EQ(std::get<PromptPoint>(document.current().prompts[1]).x, 1);
  EXPECT_TRUE(document.redo());
  EXPECT_FALSE(document.redo());
  EXPECT_EQ(document.current().prompts.size(), 3U);
}

TEST(SessionDocument, ANewStepDropsWhatCouldBeRedone) {
  SessionDocument document;
  ASSERT_TRUE(document.add_prompt(1, point(1, 1)).ok());
  ASSERT_TRUE(document.undo());
  ASSERT_TRUE(document.add_prompt(1, point(2, 2)).ok());
  EXPECT_FALSE(document.can_redo());
  EXPECT_FLOAT_EQ(std::get<PromptPoint>(document.current().prompts[0]).x, 2);
}

TEST(SessionDocument, ARefusedStepChangesNothingAndKeepsTheRedoTail) {
  SessionDocument document;
  ASSERT_TRUE(document.add_prompt(1, text("car")).ok());
  ASSERT_TRUE(document.add_prompt(1, box(1, 1, 5, 5)).ok());
  ASSERT_TRUE(document.undo());
  EXPECT_EQ(code_of(document.add_prompt(1, point(1, 1))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(document.add_prompt(7, point(1, 1))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(document.remove_prompt(1, 1)), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(document.remove_mask(1)), ErrorCode::kNotFound);
  EXPECT_EQ(document.current().prompts.size(), 1U);
  EXPECT_TRUE(document.can_redo());
}

TEST(SessionDocument, TextReplacesText) {
  SessionDocument document;
  ASSERT_TRUE(document.add_prompt(1, text("car")).ok());
  ASSERT_TRUE(document.add_prompt(1, text("person")).ok());
  ASSERT_EQ(document.current().prompts.size(), 1U);
  EXPECT_EQ(std::get<TextPrompt>(document.current().prompts[0]).text, "person");
  ASSERT_TRUE(document.remove_text(1).ok());
  EXPECT_TRUE(document.current().prompts.empty());
}

TEST(SessionDocument, ObjectsHaveTheirOwnPromptsAndOptions) {
  SessionDocument document;
  ASSERT_TRUE(document.set_options(1, {.confidence_threshold = 0.25F}).ok());
  ASSERT_TRUE(document.add_prompt(1, text("car")).ok());
  ASSERT_TRUE(document.add_object().ok());
  EXPECT_EQ(document.current().id, 2);
  EXPECT_FLOAT_EQ(document.current().options.confidence_threshold, 0.25F);
  ASSERT_TRUE(document.set_options(2, {.confidence_threshold = 0.75F}).ok());
  ASSERT_TRUE(document.add_prompt(2, point(1, 1)).ok());
  ASSERT_TRUE(document.select(1).ok());
  EXPECT_FLOAT_EQ(document.current().options.confidence_threshold, 0.25F);
  EXPECT_EQ(mode_of(document.current()), SessionMode::kConcept);
  EXPECT_EQ(mode_of(*document.find(2)), SessionMode::kInteractive);
}

TEST(SessionDocument, UndoMakesTheObjectOfTheStepCurrent) {
  SessionDocument document;
  ASSERT_TRUE(document.add_object().ok());
  ASSERT_TRUE(document.add_prompt(2, point(1, 1)).ok());
  ASSERT_TRUE(document.select(1).ok());
  ASSERT_TRUE(document.undo());
  EXPECT_EQ(document.current().id, 2);
}

TEST(SessionDocument, ARemovedObjectComesBackWithItsPromptsAndIdsAreNotUsedTwice) {
  SessionDocument document;
  ASSERT_TRUE(document.add_prompt(1, point(1, 1)).ok());
  ASSERT_TRUE(document.remove_object(1).ok());
  EXPECT_EQ(document.object_ids(), std::vector<int>{2});
  ASSERT_TRUE(document.undo());
  EXPECT_EQ(document.object_ids(), std::vector<int>{1});
  EXPECT_EQ(document.current().prompts.size(), 1U);
  ASSERT_TRUE(document.add_object().ok());
  EXPECT_EQ(document.object_ids(), (std::vector<int>{1, 3}));
}

TEST(SessionDocument, ResetIsAStepAndKeepsTheOptions) {
  SessionDocument document;
  ASSERT_TRUE(document.set_options(1, {.multimask = true}).ok());
  ASSERT_TRUE(document.add_prompt(1, point(1, 1)).ok());
  ASSERT_TRUE(document.add_object().ok());
  document.reset();
  EXPECT_EQ(document.object_ids().size(), 1U);
  EXPECT_TRUE(document.current().prompts.empty());
  EXPECT_TRUE(document.current().options.multimask);
  ASSERT_TRUE(document.undo());
  EXPECT_EQ(document.object_ids(), (std::vector<int>{1, 2}));
}

TEST(SessionDocument, OptionsThatChangeNothingAreNoStep) {
  SessionDocument document;
  ASSERT_TRUE(document.set_options(1, {}).ok());
  EXPECT_FALSE(document.can_undo());
}

TEST(SessionDocument, SetPromptsReplacesPromptsAndOptionsInOneStep) {
  SessionDocument document;
  ASSERT_TRUE(document.add_prompt(1, text("car")).ok());
  const SetPrompts set{.prompts = {box(1, 1, 5, 5), point(2, 2)}, .options = {.multimask = true}};
  ASSERT_TRUE(document.set_prompts(1, set).ok());
  EXPECT_EQ(document.current().prompts.size(), 2U);
  EXPECT_TRUE(document.current().options.multimask);
  ASSERT_TRUE(document.undo());
  ASSERT_EQ(document.current().prompts.size(), 1U);
  EXPECT_EQ(std::get<TextPrompt>(document.current().prompts[0]).text, "car");
  EXPECT_FALSE(document.current().options.multimask);
}

TEST(SessionDocument, SetPromptsMakesTheObjectThatIsNotThere) {
  SessionDocument document;
  ASSERT_TRUE(document.set_prompts(7, {.prompts = {point(1, 1)}}).ok());
  EXPECT_EQ(document.object_ids(), (std::vector<int>{1, 7}));
  EXPECT_EQ(document.current().id, 7);
  ASSERT_TRUE(document.add_object().ok());
  EXPECT_EQ(document.current().id, 8) << "an id that a client gave is not given again";
  ASSERT_TRUE(document.remove_object(7).ok());
  ASSERT_TRUE(document.set_prompts(7, {.prompts = {point(2, 2)}}).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(document.undo());
  EXPECT_EQ(document.object_ids(), (std::vector<int>{1, 7}));
  EXPECT_EQ(code_of(document.set_prompts(0, {})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(document.set_prompts(kMaxGivenId + 1, {})), ErrorCode::kInvalidArgument);
}

TEST(SessionDocument, ARefusedSetPromptsChangesNothing) {
  SessionDocument document;
  ASSERT_TRUE(document.add_prompt(1, point(1, 1)).ok());
  EXPECT_EQ(code_of(document.set_prompts(1, {.prompts = {text("car"), mask(4)}})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(document.set_prompts(2, {.prompts = std::vector(kMaxPromptsOfObject + 1, point(1, 1))})),
            ErrorCode::kTooLarge);
  EXPECT_EQ(document.object_ids(), std::vector<int>{1});
  EXPECT_EQ(document.current().prompts.size(), 1U);
  for (std::size_t i = 1; i < kMaxObjects; ++i) ASSERT_TRUE(document.add_object().ok());
  EXPECT_EQ(code_of(document.set_prompts(999, {})), ErrorCode::kTooLarge);
}

TEST(SessionDocument, AppliesWhatAClientSays) {
  SessionDocument document;
  ASSERT_TRUE(document.apply(SetPrompts{.prompts = {point(1, 1)}}, 1).ok());
  ASSERT_TRUE(document.apply(SetOptions{.of_object = {.max_masks = 3}}, 1).ok());
  EXPECT_EQ(document.current().options.max_masks, 3);
  ASSERT_TRUE(document.apply(Undo{}, 1).ok());
  EXPECT_EQ(document.current().options.max_masks, 100);
  EXPECT_EQ(code_of(document.apply(Preview{}, 5)), ErrorCode::kNotFound);
  ASSERT_TRUE(document.apply(Undo{}, 1).ok());
  EXPECT_EQ(code_of(document.apply(Undo{}, 1)), ErrorCode::kNotFound);
}

TEST(SessionDocument, PromptsThatDoNotGoTogetherAreRefused) {
  SessionDocument document;
  ASSERT_TRUE(document.add_prompt(1, box(1, 1, 5, 5)).ok());
  ASSERT_TRUE(document.add_prompt(1, box(6, 6, 9, 9)).ok());
  EXPECT_EQ(code_of(document.add_prompt(1, point(1, 1))), ErrorCode::kInvalidArgument);  // two boxes, one object
  EXPECT_EQ(code_of(document.set_options(1, {.mode = SessionMode::kInteractive})), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(document.add_object().ok());
  ASSERT_TRUE(document.add_prompt(2, mask(16)).ok());
  EXPECT_EQ(code_of(document.add_prompt(2, text("car"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(document.add_prompt(2, box(1, 1, 5, 5, false))), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(document.add_object().ok());
  ASSERT_TRUE(document.set_options(3, {.mode = SessionMode::kConcept}).ok());
  ASSERT_TRUE(document.add_prompt(3, text("car")).ok());
  EXPECT_TRUE(document.add_prompt(3, point(1, 1)).ok()) << "an exemplar, asked for in so many words";
}

TEST(SessionDocument, ObjectsPromptsAndStepsAreLimited) {
  SessionDocument document;
  for (std::size_t i = 1; i < kMaxObjects; ++i) ASSERT_TRUE(document.add_object().ok());
  EXPECT_EQ(code_of(document.add_object()), ErrorCode::kTooLarge);
  for (std::size_t i = 0; i < kMaxPromptsOfObject; ++i) ASSERT_TRUE(document.add_prompt(1, point(1, 1)).ok());
  EXPECT_EQ(code_of(document.add_prompt(1, point(1, 1))), ErrorCode::kTooLarge);
  std::size_t steps = 0;
  while (document.undo()) ++steps;
  EXPECT_EQ(steps, kMaxSteps);
}

TEST(SessionDocument, MasksInPromptsAndInHistoryStayWithinTheBudget) {
  SessionDocument document;
  constexpr std::size_t kMegabyteOfFloats = (1 << 20) / sizeof(float);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(document.add_prompt(1, mask(kMegabyteOfFloats)).ok());
  std::size_t steps = 0;
  while (document.undo()) ++steps;
  EXPECT_LT(steps, 5U);
  EXPECT_GE(steps, 1U);
  document.reset();
  Status status;
  int objects = 0;
  while (status.ok() && objects < 20) {
    ASSERT_TRUE(document.add_object().ok());
    status = document.add_prompt(document.current().id, mask(kMegabyteOfFloats));
    ++objects;
  }
  EXPECT_EQ(code_of(status), ErrorCode::kTooLarge);
  EXPECT_EQ(objects, 4);
}

}  // namespace
}  // namespace samcache

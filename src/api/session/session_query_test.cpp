#include "api/session/session_query.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

SessionPrompt point(float x, float y, bool positive = true) {
  return PromptPoint{.x = x, .y = y, .positive = positive};
}
SessionPrompt box(float x0, float y0, float x1, float y1, bool positive = true) {
  return ConceptPrompt::Box{.corners = {x0, y0, x1, y1}, .positive = positive};
}
SessionPrompt mask(float value) { return MaskPrompt{std::make_shared<const std::vector<float>>(4, value)}; }

const std::vector<float> kPrevious{7, 7, 7, 7};

TEST(SessionQuery, NothingIsAskedWithoutAPrompt) {
  EXPECT_FALSE(query_of({.id = 1}, {}).has_value());
  EXPECT_FALSE(query_of({.id = 1, .prompts = {box(1, 1, 2, 2, false)}}, {}).has_value()) << "only what it is not";
}

TEST(SessionQuery, ATextAndBoxesAreAConcept) {
  const auto query = query_of({.id = 1,
                               .prompts = {TextPrompt{"car"}, box(1, 2, 3, 4), box(5, 6, 7, 8, false)},
                               .options = {.confidence_threshold = 0.25F, .max_masks = 7}},
                              kPrevious);
  ASSERT_TRUE(query.has_value());
  const auto& concept_query = std::get<ConceptQuery>(*query);
  EXPECT_EQ(concept_query.prompt.text, "car");
  ASSERT_EQ(concept_query.prompt.boxes.size(), 2U);
  EXPECT_FALSE(concept_query.prompt.boxes[1].positive);
  EXPECT_FLOAT_EQ(concept_query.options.threshold, 0.25F);
  EXPECT_EQ(concept_query.options.max_detections, 7);
}

TEST(SessionQuery, BoxesAloneAreAConceptAndOneObjectWhenAskedFor) {
  const SessionObject automatic{.id = 1, .prompts = {box(1, 2, 3, 4)}};
  EXPECT_TRUE(std::holds_alternative<ConceptQuery>(*query_of(automatic, {})));
  SessionObject by_hand = automatic;
  by_hand.options.mode = SessionMode::kInteractive;
  EXPECT_EQ(std::get<InteractiveQuery>(*query_of(by_hand, {})).prompt.box, (std::array<float, 4>{1, 2, 3, 4}));
}

TEST(SessionQuery, PointsTurnABoxIntoOneObject) {
  const auto query = query_of(
      {.id = 1, .prompts = {box(1, 2, 3, 4), point(2, 3), point(9, 9, false)}, .options = {.multimask = true}}, {});
  const auto& interactive = std::get<InteractiveQuery>(*query);
  EXPECT_TRUE(interactive.prompt.box.has_value());
  ASSERT_EQ(interactive.prompt.points.size(), 2U);
  EXPECT_FALSE(interactive.prompt.points[1].positive);
  EXPECT_TRUE(interactive.multimask);
}

TEST(SessionQuery, RefiningStartsFromThePreviousMask) {
  SessionObject object{.id = 1, .prompts = {mask(3), point(2, 3)}};
  EXPECT_EQ(std::get<InteractiveQuery>(*query_of(object, kPrevious)).prompt.mask_input, std::vector<float>(4, 3));
  object.options.refine = true;
  EXPECT_EQ(std::get<InteractiveQuery>(*query_of(object, kPrevious)).prompt.mask_input, kPrevious);
  EXPECT_EQ(std::get<InteractiveQuery>(*query_of(object, {})).prompt.mask_input, std::vector<float>(4, 3));
}

TEST(SessionQuery, APreviewAddsThePointerToOneObjectAndStandsAloneBesideAConcept) {
  const PromptPoint pointer{.x = 5, .y = 6};
  const SessionObject clicked{.id = 1, .prompts = {point(1, 1)}, .options = {.multimask = true}};
  const auto with_clicks = std::get<InteractiveQuery>(preview_query_of(clicked, {}, pointer));
  EXPECT_EQ(with_clicks.prompt.points.size(), 2U);
  EXPECT_FALSE(with_clicks.multimask);
  const SessionObject named{.id = 1, .prompts = {TextPrompt{"car"}}};
  EXPECT_EQ(std::get<InteractiveQuery>(preview_query_of(named, {}, pointer)).prompt.points.size(), 1U);
  EXPECT_EQ(std::get<InteractiveQuery>(preview_query_of({.id = 1}, {}, pointer)).prompt.points.size(), 1U);
}

}  // namespace
}  // namespace samcache

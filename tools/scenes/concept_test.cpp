#include "scenes/concept.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace samcache::scenes {
namespace {

SceneObject object(Kind kind, Colour colour, Pattern pattern) {
  return {.kind = kind, .colour = colour, .pattern = pattern, .mask = {}};
}

const Concept* find(const std::string& text) {
  const auto& all = all_concepts();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Concept& each) { return each.text == text; });
  return at == all.end() ? nullptr : &*at;
}

bool says(const std::string& text, const SceneObject& what) {
  const Concept* found = find(text);
  EXPECT_NE(found, nullptr) << text;
  return found != nullptr && found->matches(what);
}

TEST(Concept, MatchesWhatHasEveryPropertyItNames) {
  const SceneObject cat = object(Kind::kCat, Colour::kRed, Pattern::kStriped);
  for (const char* text : {"cat", "red", "striped", "animal", "red cat", "red animal", "striped cat"}) {
    EXPECT_TRUE(says(text, cat)) << text;
  }
  for (const char* text :
       {"bird", "blue", "dotted", "blue cat", "red fish", "blue animal", "dotted cat", "striped cup"}) {
    EXPECT_FALSE(says(text, cat)) << text;
  }
}

TEST(Concept, SomeKindsHaveAnotherWord) {
  EXPECT_TRUE(says("circle", object(Kind::kDisc, Colour::kWhite, Pattern::kPlain)));
  EXPECT_TRUE(says("box", object(Kind::kSquare, Colour::kWhite, Pattern::kPlain)));
  EXPECT_FALSE(says("circle", object(Kind::kRing, Colour::kWhite, Pattern::kPlain)));
}

TEST(Concept, ThingsAreNoAnimals) {
  for (int k = 0; k < kKinds; ++k) {
    const auto kind = static_cast<Kind>(k);
    const bool animal = kind == Kind::kCat || kind == Kind::kFish || kind == Kind::kBird;
    EXPECT_EQ(says("animal", object(kind, Colour::kBlack, Pattern::kDotted)), animal) << kind_name(kind);
  }
}

TEST(Concept, EachTextIsThereOnce) {
  std::set<std::string> texts;
  for (const Concept& each : all_concepts()) {
    EXPECT_TRUE(texts.insert(each.text).second) << each.text;
  }
  // kinds, two more words, "animal"; colours with kinds, "animal" or alone; two patterns with kinds or alone
  EXPECT_EQ(texts.size(), kKinds + 3U + kColours * (kKinds + 2U) + 2U * (kKinds + 1U));
}

TEST(Concept, EveryWordIsThereOnce) {
  std::vector<std::string> words = all_words();
  EXPECT_EQ(words.size(), kKinds + 3U + kColours + 2U);
  std::sort(words.begin(), words.end());
  EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end());
  EXPECT_TRUE(std::binary_search(words.begin(), words.end(), "orange"));
}

TEST(Concept, AnExemplarShowsItsKindInItsColour) {
  const Concept shown = looks_like(object(Kind::kStar, Colour::kGreen, Pattern::kDotted));
  EXPECT_EQ(shown.text, "green star");
  EXPECT_TRUE(shown.matches(object(Kind::kStar, Colour::kGreen, Pattern::kPlain)));
  EXPECT_FALSE(shown.matches(object(Kind::kStar, Colour::kBlue, Pattern::kDotted)));
}

}  // namespace
}  // namespace samcache::scenes

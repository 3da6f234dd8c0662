#include "scenes/questions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scenes/clicks.h"

namespace samcache::scenes {
namespace {

TEST(Questions, NamesFitTheObjectAndAbsentConceptsFitNone) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Scene scene = make_scene(seed, {.width = 96, .height = 96});
    Random random(seed);
    const Concept& named = name_of(scene.objects[0], random);
    EXPECT_TRUE(named.matches(scene.objects[0]));
    const std::vector<std::size_t> found = instances(named, scene.objects);
    EXPECT_EQ(found.front(), 0U);
    for (const bool near_miss : {false, true}) {
      EXPECT_TRUE(instances(absent_concept(scene.objects, near_miss, random), scene.objects).empty());
    }
  }
}

TEST(Questions, ANearMissSharesSomethingWithAnObject) {
  SceneObject object;
  object.kind = Kind::kStar;
  object.colour = Colour::kRed;
  Random random(3);
  for (int i = 0; i < 50; ++i) {
    const Concept& near = absent_concept({object}, true, random);
    EXPECT_TRUE(near.kind == Kind::kStar || near.colour == Colour::kRed) << near.text;
  }
}

// A ring: three pixels thick around a hole.
BinaryMask frame(int side) {
  BinaryMask mask{side, side, {}};
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const int edge = std::min({x, y, side - 1 - x, side - 1 - y});
      mask.pixels.push_back(edge < 3 ? 1 : 0);
    }
  }
  return mask;
}

TEST(Clicks, TheCentralOneIsInTheMiddleOfWhatIsThickest) {
  BinaryMask square{21, 21, std::vector<std::uint8_t>(21 * 21, 1)};
  const std::optional<Click> click = central_click(square);
  ASSERT_TRUE(click);
  EXPECT_EQ(click->x, 10);
  EXPECT_EQ(click->y, 10);
}

TEST(Clicks, AreAlwaysInTheRegion) {
  const BinaryMask mask = frame(15);
  const std::optional<Click> central = central_click(mask);
  ASSERT_TRUE(central);
  EXPECT_TRUE(mask.at(central->x, central->y));
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const std::optional<Click> click = random_click(mask, random);
    ASSERT_TRUE(click);
    EXPECT_TRUE(mask.at(click->x, click->y));
  }
}

TEST(Clicks, AnEmptyRegionHasNone) {
  const BinaryMask nothing{4, 3, std::vector<std::uint8_t>(12, 0)};
  Random random(1);
  EXPECT_FALSE(central_click(nothing));
  EXPECT_FALSE(random_click(nothing, random));
}

}  // namespace
}  // namespace samcache::scenes

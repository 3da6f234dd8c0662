#include "scenes/scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace samcache::scenes {
namespace {

constexpr int kSeeds = 200;

SceneOptions small_scene() { return {.width = 160, .height = 160}; }

int area(const BinaryMask& mask) { return std::accumulate(mask.pixels.begin(), mask.pixels.end(), 0); }

bool same(const Scene& a, const Scene& b) {
  return a.image.pixels == b.image.pixels &&
         std::equal(a.objects.begin(), a.objects.end(), b.objects.begin(), b.objects.end(),
                    [](const SceneObject& one, const SceneObject& other) {
                      return one.kind == other.kind && one.colour == other.colour && one.pattern == other.pattern &&
                             one.mask.pixels == other.mask.pixels && one.box == other.box;
                    });
}

std::array<int, 4> tight_box(const BinaryMask& mask) {
  std::array<int, 4> box = {mask.width, mask.height, 0, 0};
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (mask.at(x, y)) {
        box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x + 1), std::max(box[3], y + 1)};
      }
    }
  }
  return box;
}

// Of the pixels `wanted` says true of, in bytes.
template <typename Wanted>
std::array<double, 3> mean_colour(const RgbImage& image, const Wanted& wanted) {
  std::array<double, 3> sum{};
  int count = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      if (wanted(x, y)) {
        ++count;
        for (int c = 0; c < 3; ++c) {
          sum[c] += image.pixels[(static_cast<std::size_t>(y) * image.width + x) * 3 + c];
        }
      }
    }
  }
  for (double& channel : sum) {
    channel /= std::max(count, 1);
  }
  return sum;
}

// What a person would call it.
Colour name_of(const std::array<double, 3>& rgb) {
  const double most = std::max({rgb[0], rgb[1], rgb[2]});
  const double range = most - std::min({rgb[0], rgb[1], rgb[2]});
  if (most < 75) {
    return Colour::kBlack;
  }
  if (range < 0.25 * most) {
    return Colour::kWhite;
  }
  double hue = 0;
  if (most == rgb[0]) {
    hue = 60 * (rgb[1] - rgb[2]) / range;
  } else if (most == rgb[1]) {
    hue = 120 + 60 * (rgb[2] - rgb[0]) / range;
  } else {
    hue = 240 + 60 * (rgb[0] - rgb[1]) / range;
  }
  if (hue < 0) {
    hue += 360;
  }
  if (hue >= 325 || hue < 14) {
    return Colour::kRed;
  }
  return hue < 42    ? Colour::kOrange
         : hue < 75  ? Colour::kYellow
         : hue < 180 ? Colour::kGreen
         : hue < 250 ? Colour::kBlue
                     : Colour::kPurple;
}

TEST(Scene, IsAFunctionOfItsSeed) {
  EXPECT_TRUE(same(make_scene(7, small_scene()), make_scene(7, small_scene())));
  EXPECT_FALSE(same(make_scene(7, small_scene()), make_scene(8, small_scene())));
}

TEST(Scene, IsTheSameInEveryThread) {
  const Scene expected = make_scene(11, small_scene());
  std::array<Scene, 4> scenes;
  std::vector<std::jthread> threads;
  for (Scene& scene : scenes) {
    threads.emplace_back([&scene] { scene = make_scene(11, small_scene()); });
  }
  threads.clear();
  for (const Scene& scene : scenes) {
    EXPECT_TRUE(same(scene, expected));
  }
}

TEST(Scene, HoldsAsManyObjectsAsAskedAtMost) {
  for (const int most : {1, 3, 8}) {
    SceneOptions options = small_scene();
    options.max_objects = most;
    std::size_t largest = 0;
    for (int seed = 0; seed < kSeeds; ++seed) {
      const std::size_t count = make_scene(seed, options).objects.size();
      ASSERT_GE(count, 1U);
      largest = std::max(largest, count);
    }
    EXPECT_EQ(largest, static_cast<std::size_t>(most));
  }
}

TEST(Scene, NoPixelBelongsToTwoObjectsAndBoxesAreTight) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Scene scene = make_scene(seed, small_scene());
    std::vector<int> owners(scene.image.pixels.size() / 3);
    for (const SceneObject& object : scene.objects) {
      ASSERT_EQ(object.mask.width, scene.image.width);
      ASSERT_EQ(object.mask.height, scene.image.height);
      EXPECT_EQ(object.box, tight_box(object.mask));
      for (std::size_t i = 0; i < owners.size(); ++i) {
        owners[i] += object.mask.pixels[i];
      }
    }
    EXPECT_LE(*std::max_element(owners.begin(), owners.end()), 1) << "seed " << seed;
  }
}

TEST(Scene, EnoughOfEveryObjectIsVisible) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Scene scene = make_scene(seed, small_scene());
    for (const SceneObject& object : scene.objects) {
      EXPECT_GE(area(object.mask), 0.004 * 160 * 160) << "seed " << seed << " " << kind_name(object.kind);
    }
  }
}

TEST(Scene, APlainObjectHasTheColourOfItsName) {
  int plain = 0;
  int right = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Scene scene = make_scene(seed, small_scene());
    for (const SceneObject& object : scene.objects) {
      // Kinds that nothing is painted on. A thin outline may still pull a small one away.
      if (object.pattern == Pattern::kPlain && object.kind <= Kind::kBlob && area(object.mask) > 500) {
        ++plain;
        right += name_of(mean_colour(scene.image, [&](int x, int y) { return object.mask.at(x, y); })) == object.colour;
      }
    }
  }
  EXPECT_GT(plain, 100);
  EXPECT_GE(right, 0.97 * plain) << "of " << plain;
}

TEST(Scene, ASingleObjectStandsOutFromWhatIsAroundIt) {
  SceneOptions options = small_scene();
  options.max_objects = 1;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Scene scene = make_scene(seed, options);
    const SceneObject& object = scene.objects.front();
    const auto [x0, y0, x1, y1] = object.box;
    const auto inside = mean_colour(scene.image, [&](int x, int y) { return object.mask.at(x, y); });
    const auto outside = mean_colour(scene.image, [&, x0 = x0, y0 = y0, x1 = x1, y1 = y1](int x, int y) {
      return x >= x0 - 6 && y >= y0 - 6 && x < x1 + 6 && y < y1 + 6 && !object.mask.at(x, y);
    });
    EXPECT_GE(std::hypot(inside[0] - outside[0], inside[1] - outside[1], inside[2] - outside[2]), 30)
        << "seed " << seed << ": " << colour_name(object.colour) << " " << kind_name(object.kind);
  }
}

TEST(Scene, EveryKindColourAndPatternHasItsShare) {
  std::array<int, kKinds> kinds{};
  std::array<int, kColours> colours{};
  std::array<int, kPatterns> patterns{};
  int objects = 0;
  for (int seed = 0; seed < 2 * kSeeds; ++seed) {
    for (const SceneObject& object : make_scene(seed, small_scene()).objects) {
      ++objects;
      ++kinds[static_cast<std::size_t>(object.kind)];
      ++colours[static_cast<std::size_t>(object.colour)];
      ++patterns[static_cast<std::size_t>(object.pattern)];
    }
  }
  EXPECT_GE(*std::min_element(kinds.begin(), kinds.end()), 0.5 * objects / kKinds);
  EXPECT_LE(*std::max_element(kinds.begin(), kinds.end()), 1.5 * objects / kKinds);
  EXPECT_GE(*std::min_element(colours.begin(), colours.end()), 0.5 * objects / kColours);
  EXPECT_LE(*std::max_element(colours.begin(), colours.end()), 1.5 * objects / kColours);
  EXPECT_NEAR(patterns[0], 0.6 * objects, 0.07 * objects);
  EXPECT_NEAR(patterns[1], 0.2 * objects, 0.05 * objects);
  EXPECT_NEAR(patterns[2], 0.2 * objects, 0.05 * objects);
}

TEST(Scene, OftenShowsSeveralOfAKind) {
  int with_pair = 0;
  int with_two = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::array<int, kKinds> kinds{};
    const Scene scene = make_scene(seed, small_scene());
    for (const SceneObject& object : scene.objects) {
      ++kinds[static_cast<std::size_t>(object.kind)];
    }
    with_two += scene.objects.size() > 2;
    with_pair += scene.objects.size() > 2 && *std::max_element(kinds.begin(), kinds.end()) > 1;
  }
  EXPECT_GE(with_pair, 0.6 * with_two);
}

TEST(Scene, TheHoleOfARingIsNotItsOwn) {
  SceneOptions options = small_scene();
  options.max_objects = 1;
  int rings = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Scene scene = make_scene(seed, options);
    const SceneObject& object = scene.objects.front();
    const auto [x0, y0, x1, y1] = object.box;
    const bool whole = x0 > 0 && y0 > 0 && x1 < options.width && y1 < options.height;
    if (object.kind == Kind::kRing && whole) {
      ++rings;
      EXPECT_FALSE(object.mask.at((x0 + x1) / 2, (y0 + y1) / 2)) << "seed " << seed;
    }
  }
  EXPECT_GT(rings, 3);
}

TEST(Scene, ASqueezedDiscIsNoLongerRound) {
  SceneOptions options = {.width = 192, .height = 192, .max_objects = 1, .squeezed = true};
  int stretched = 0;
  int discs = 0;
  for (int seed = 0; seed < 2 * kSeeds; ++seed) {
    const SceneObject object = make_scene(seed, options).objects.front();
    const auto [x0, y0, x1, y1] = object.box;
    if (object.kind == Kind::kDisc && x0 > 0 && y0 > 0 && x1 < options.width && y1 < options.height) {
      ++discs;
      const double aspect = static_cast<double>(x1 - x0) / (y1 - y0);
      EXPECT_LT(std::abs(std::log(aspect)), std::log(4.0 / 3.0) + 0.1);
      stretched += std::abs(std::log(aspect)) > 0.06;
    }
  }
  EXPECT_GT(discs, 5);
  EXPECT_GE(2 * stretched, discs);
}

TEST(Scene, SqueezingChangesThePicture) {
  SceneOptions squeezed = small_scene();
  squeezed.squeezed = true;
  EXPECT_FALSE(same(make_scene(3, small_scene()), make_scene(3, squeezed)));
}

TEST(Scene, WorksInAnySize) {
  for (const auto& [width, height] : {std::pair{97, 211}, {64, 64}, {211, 97}, {64, 512}, {700, 500}}) {
    for (int seed = 0; seed < 5; ++seed) {
      const Scene scene = make_scene(seed, {.width = width, .height = height});
      EXPECT_EQ(scene.image.width, width);
      EXPECT_EQ(scene.image.height, height);
      EXPECT_EQ(scene.image.pixels.size(), static_cast<std::size_t>(width) * height * 3);
      ASSERT_FALSE(scene.objects.empty());
      EXPECT_GT(area(scene.objects.front().mask), 0);
    }
  }
}

TEST(Scene, RefusesNothingToDrawOn) {
  EXPECT_THROW(make_scene(0, {.width = 0, .height = 10}), std::invalid_argument);
  EXPECT_THROW(make_scene(0, {.width = 10, .height = 10, .max_objects = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace samcache::scenes

// Procedural pictures whose every object is known: its exact mask, and its names.
//
// What the demo model learns from and is measured on. A scene is a function of its seed and options alone, made in a
// few milliseconds: the same bytes in every run and every thread of one program.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/pixels.h"

namespace samcache::scenes {

enum class Kind {
  kDisc,
  kSquare,
  kTriangle,
  kStar,
  kRing,
  kLetter,
  kBlob,
  kLeaf,
  kBottle,
  kCup,
  kCar,
  kCat,
  kFish,
  kBird
};
inline constexpr int kKinds = 14;

enum class Colour { kRed, kOrange, kYellow, kGreen, kBlue, kPurple, kWhite, kBlack };
inline constexpr int kColours = 8;

enum class Pattern { kPlain, kStriped, kDotted };
inline constexpr int kPatterns = 3;

std::string_view kind_name(Kind kind);           // "disc", "square", …
std::string_view colour_name(Colour colour);     // "red", …
std::string_view pattern_name(Pattern pattern);  // "plain", "striped", "dotted"

struct SceneObject {
  Kind kind = Kind::kDisc;
  Colour colour = Colour::kRed;  // of the ground of a pattern
  Pattern pattern = Pattern::kPlain;
  BinaryMask mask;           // the pixels at least half covered by it and by nothing in front of it
  std::array<int, 4> box{};  // of the mask: x0, y0, x1, y1, the last two one past it
};

struct Scene {
  RgbImage image;
  std::vector<SceneObject> objects;  // from back to front; no pixel belongs to two
};

struct SceneOptions {
  int width = 256;  // pixels
  int height = 256;
  int max_objects = 8;  // at least 1 is always there
  // Draws a picture of some aspect ratio between 3:4 and 4:3 as a model sees it that squeezes every picture into
  // width x height.
  bool squeezed = false;
};

Scene make_scene(std::uint64_t seed, const SceneOptions& options);

}  // namespace samcache::scenes

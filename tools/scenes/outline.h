// What each kind of object looks like before it has a size, a place and a colour.
#pragma once

#include <vector>

#include "scenes/geometry.h"
#include "scenes/random.h"
#include "scenes/scene.h"

namespace samcache::scenes {

// What a painted detail is coloured with, decided when the colours around it are known.
enum class Tone {
  kMark,    // dark on a light ground, light on a dark one: an eye, a window
  kShade,   // the ground's own colour, somewhat darker or lighter: a wing, a rim
  kTyre,    // dark, unless the object stands on something dark
  kPale,    // nearly white
  kAccent,  // a beak
};

struct Detail {
  Tone tone = Tone::kMark;
  std::vector<Contour> contours;
};

// Filled where the contours' winding number is not 0. Details lie on it, in the order they are painted.
struct Outline {
  std::vector<Contour> contours;
  std::vector<Detail> details;
};

// One instance of the kind, turned and perhaps mirrored as its kind may be; around (0, 0), its longer side 1.
Outline posed_outline(Kind kind, Random& random);

// The shapes as designed: upright, looking right, of any size around any place.
Outline letter_outline(Random& random);
Outline bottle_outline(Random& random);
Outline cup_outline(Random& random);
Outline car_outline(Random& random);
Outline cat_outline(Random& random);
Outline fish_outline(Random& random);
Outline bird_outline(Random& random);

}  // namespace samcache::scenes

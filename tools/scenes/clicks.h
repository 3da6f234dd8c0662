// Where an annotator would click.
#pragma once

#include <optional>

#include "base/pixels.h"
#include "scenes/random.h"

namespace samcache::scenes {

struct Click {
  int x = 0;  // pixel of the region's picture
  int y = 0;
};

// The point of `region` that is furthest from its edge (the picture's edge counts as one), the first of several; none
// if the region is empty.
std::optional<Click> central_click(const BinaryMask& region);

// Any pixel of `region`, all equally likely.
std::optional<Click> random_click(const BinaryMask& region, Random& random);

}  // namespace samcache::scenes

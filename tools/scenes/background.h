// What the objects stand on: gradients, noise, stripes, checks, bricks, wood, grass, with some clutter.
#pragma once

#include "scenes/geometry.h"
#include "scenes/picture.h"
#include "scenes/random.h"

namespace samcache::scenes {

Picture paint_background(const Canvas& canvas, Random& random);

}  // namespace samcache::scenes

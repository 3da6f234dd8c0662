// One number a pixel, from 0 to 1 or so: how far a background is from its first colour to its last.
#pragma once

#include <vector>

#include "scenes/geometry.h"
#include "scenes/random.h"

namespace samcache::scenes {

using Field = std::vector<float>;  // row-major, of the canvas's pixels

// Smooth noise of that amplitude either way, with about so many bumps to a unit.
void add_noise(Field& field, const Canvas& canvas, float bumps_x, float bumps_y, float amplitude, Random& random);
// The same at ever finer scales of ever smaller amplitude.
void add_octaves(Field& field, const Canvas& canvas, float bumps, int octaves, float amplitude, Random& random);

Field plain_field(const Canvas& canvas);  // 0.5 everywhere
Field linear_field(const Canvas& canvas, Random& random);
Field radial_field(const Canvas& canvas, Random& random);
Field cloud_field(const Canvas& canvas, Random& random);
Field stripe_field(const Canvas& canvas, Random& random);
Field check_field(const Canvas& canvas, Random& random);
Field brick_field(const Canvas& canvas, Random& random);
Field wood_field(const Canvas& canvas, Random& random);
Field grass_field(const Canvas& canvas, Random& random);

}  // namespace samcache::scenes

// What a camera and a file format do to a finished picture.
#pragma once

#include "base/pixels.h"
#include "scenes/geometry.h"
#include "scenes/picture.h"
#include "scenes/random.h"

namespace samcache::scenes {

// Uneven light, blur, sensor noise and JPEG artefacts, each on some pictures only; then rounds to bytes.
RgbImage weathered(Picture picture, const Canvas& canvas, Random& random);

}  // namespace samcache::scenes

// What saving as JPEG would lose, without a codec: every build makes the same pictures.
#pragma once

#include "scenes/picture.h"

namespace samcache::scenes {

// `quality` from 1 to 100, as cjpeg means it; colour at half the resolution. The result may leave 0 to 255 somewhat.
void add_jpeg_artefacts(Picture& picture, float quality);

}  // namespace samcache::scenes

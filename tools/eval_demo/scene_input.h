// What a scene looks like to the engine.
#pragma once

#include <array>

#include "engine/engine.h"
#include "scenes/scene.h"

namespace samcache::eval {

// The trunk's encoding, as it would be stored. Scenes have no file, so their hash is zeros.
Result<Encoding> encode_scene(const Engine& engine, const RgbImage& image);

// x0, y0, x1, y1 in pixels: what an annotator's exact box would be.
std::array<float, 4> box_of(const scenes::SceneObject& object);

}  // namespace samcache::eval

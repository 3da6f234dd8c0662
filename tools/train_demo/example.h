// A scene as training takes it: pixels, and what is to be found in them at the model's resolutions.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "model/config.h"
#include "scenes/scene.h"

namespace samcache::train {

struct Example {
  std::vector<scenes::SceneObject> objects;
  at::Tensor pixels;    // [3, S, S], normalised
  at::Tensor coverage;  // [objects, 4G, 4G]: the part of each low-resolution pixel that the object covers, 0..1
  at::Tensor boxes;     // [objects, 4]: centre x, centre y, width, height in units of the picture's sides
};

Example make_example(std::uint64_t scene_seed, const Sam3Config& config, at::Device device);

}  // namespace samcache::train

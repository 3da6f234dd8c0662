// The scenes a model is judged on: never those it was trained on, and of the sizes that users' pictures have, not the
// model's.
#pragma once

#include "scenes/scene.h"

namespace samcache::eval {

inline constexpr int kScenes = 500;

// Scenes of the contact sheet have seeds from here on: not trained on either. (Training begins at 2^40, see
// tools/train_demo/trainer.cpp.)
inline constexpr std::uint64_t kSheetSeed = 2'000'000;

// Scene `number` of the set, from 0; one number, one scene.
scenes::Scene scene_of_set(int number);

}  // namespace samcache::eval

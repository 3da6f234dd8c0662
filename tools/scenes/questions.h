// Concepts to ask a scene for.
#pragma once

#include <vector>

#include "scenes/concept.h"
#include "scenes/random.h"
#include "scenes/scene.h"

namespace samcache::scenes {

// Which objects are instances, by number.
std::vector<std::size_t> instances(const Concept& wanted, const std::vector<SceneObject>& objects);

// Any of the concepts that `object` is an instance of.
const Concept& name_of(const SceneObject& object, Random& random);

// Any concept that no object is an instance of; with `near_miss` one that shares its kind or colour with an object, if
// there is such a one.
const Concept& absent_concept(const std::vector<SceneObject>& objects, bool near_miss, Random& random);

}  // namespace samcache::scenes

#include "scenes/questions.h"

#include <algorithm>
#include <stdexcept>

namespace samcache::scenes {
namespace {

template <class Wanted>
std::vector<const Concept*> concepts_where(const Wanted& wanted) {
  std::vector<const Concept*> found;
  for (const Concept& candidate : all_concepts()) {
    if (wanted(candidate)) found.push_back(&candidate);
  }
  return found;
}

const Concept& pick(const std::vector<const Concept*>& concepts, Random& random) {
  if (concepts.empty()) throw std::logic_error("questions: no concept to choose from");
  return *concepts[static_cast<std::size_t>(random.pick(static_cast<int>(concepts.size())))];
}

bool resembles(const Concept& wanted, const SceneObject& object) {
  return wanted.kind == object.kind || wanted.colour == object.colour || (wanted.animal && is_animal(object.kind));
}

}  // namespace

std::vector<std::size_t> instances(const Concept& wanted, const std::vector<SceneObject>& objects) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (wanted.matches(objects[i])) found.push_back(i);
  }
  return found;
}

const Concept& name_of(const SceneObject& object, Random& random) {
  return pick(concepts_where([&](const Concept& candidate) { return candidate.matches(object); }), random);
}

const Concept& absent_concept(const std::vector<SceneObject>& objects, bool near_miss, Random& random) {
  std::vector<const Concept*> absent =
      concepts_where([&](const Concept& candidate) { return instances(candidate, objects).empty(); });
  if (near_miss) {
    const auto far = [&](const Concept* candidate) {
      return std::none_of(objects.begin(), objects.end(),
                          [&](const SceneObject& object) { return resembles(*candidate, object); });
    };
    const auto end = std::stable_partition(absent.begin(), absent.end(), [&](const Concept* c) { return !far(c); });
    if (end != absent.begin()) absent.erase(end, absent.end());
  }
  return pick(absent, random);
}

}  // namespace samcache::scenes

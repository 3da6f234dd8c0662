// What the objects of a scene can be called.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenes/scene.h"

namespace samcache::scenes {

// A noun phrase and what it means: an object is an instance if it has every property that is set.
struct Concept {
  std::string text;  // e.g. "red star", "cup", "animal", "striped"
  std::optional<Kind> kind = {};
  std::optional<Colour> colour = {};
  std::optional<Pattern> pattern = {};
  bool animal = false;  // any cat, fish or bird

  bool matches(const SceneObject& object) const;
};

bool is_animal(Kind kind);

// Every concept there is a text for: kinds (and other words for some), colours, "striped" and "dotted", "animal", and
// colour + kind, colour + "animal", pattern + kind.
const std::vector<Concept>& all_concepts();

// Every word of those texts, once each.
std::vector<std::string> all_words();

// What an exemplar of `object` shows: its kind in its colour, whatever the pattern.
Concept looks_like(const SceneObject& object);

}  // namespace samcache::scenes

#include "scenes/scene.h"

namespace samcache::scenes {

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, kKinds> kNames = {"disc",   "square", "triangle", "star",   "ring",
                                                           "letter", "blob",   "leaf",     "bottle", "cup",
                                                           "car",    "cat",    "fish",     "bird"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view colour_name(Colour colour) {
  constexpr std::array<std::string_view, kColours> kNames = {"red",  "orange", "yellow", "green",
                                                             "blue", "purple", "white",  "black"};
  return kNames.at(static_cast<std::size_t>(colour));
}

std::string_view pattern_name(Pattern pattern) {
  constexpr std::array<std::string_view, kPatterns> kNames = {"plain", "striped", "dotted"};
  return kNames.at(static_cast<std::size_t>(pattern));
}

}  // namespace samcache::scenes

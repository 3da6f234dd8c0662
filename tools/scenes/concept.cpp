#include "scenes/concept.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace samcache::scenes {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 2> kOtherWords = {
    {{"circle", Kind::kDisc}, {"box", Kind::kSquare}}};

std::string phrase(std::string_view adjective, std::string_view noun) {
  return std::string(adjective).append(" ").append(noun);
}

std::vector<Concept> make_concepts() {
  std::vector<Concept> concepts;
  for (int k = 0; k < kKinds; ++k) {
    const auto kind = static_cast<Kind>(k);
    concepts.push_back({.text = std::string(kind_name(kind)), .kind = kind});
  }
  for (const auto& [word, kind] : kOtherWords) {
    concepts.push_back({.text = std::string(word), .kind = kind});
  }
  concepts.push_back({.text = "animal", .animal = true});
  for (int c = 0; c < kColours; ++c) {
    const auto colour = static_cast<Colour>(c);
    concepts.push_back({.text = std::string(colour_name(colour)), .colour = colour});
    concepts.push_back({.text = phrase(colour_name(colour), "animal"), .colour = colour, .animal = true});
    for (int k = 0; k < kKinds; ++k) {
      const auto kind = static_cast<Kind>(k);
      concepts.push_back({.text = phrase(colour_name(colour), kind_name(kind)), .kind = kind, .colour = colour});
    }
  }
  for (const Pattern pattern : {Pattern::kStriped, Pattern::kDotted}) {
    concepts.push_back({.text = std::string(pattern_name(pattern)), .pattern = pattern});
    for (int k = 0; k < kKinds; ++k) {
      const auto kind = static_cast<Kind>(k);
      concepts.push_back({.text = phrase(pattern_name(pattern), kind_name(kind)), .kind = kind, .pattern = pattern});
    }
  }
  return concepts;
}

}  // namespace

bool Concept::matches(const SceneObject& object) const {
  return (!kind || *kind == object.kind) && (!colour || *colour == object.colour) &&
         (!pattern || *pattern == object.pattern) && (!animal || is_animal(object.kind));
}

bool is_animal(Kind kind) { return kind == Kind::kCat || kind == Kind::kFish || kind == Kind::kBird; }

const std::vector<Concept>& all_concepts() {
  static const std::vector<Concept> concepts = make_concepts();
  return concepts;
}

std::vector<std::string> all_words() {
  std::vector<std::string> words;
  for (const Concept& each : all_concepts()) {
    std::istringstream text(each.text);
    for (std::string word; text >> word;) {
      if (std::find(words.begin(), words.end(), word) == words.end()) {
        words.push_back(word);
      }
    }
  }
  return words;
}

Concept looks_like(const SceneObject& object) {
  return {
      .text = phrase(colour_name(object.colour), kind_name(object.kind)), .kind = object.kind, .colour = object.colour};
}

}  // namespace samcache::scenes

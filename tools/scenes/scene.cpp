#include "scenes/scene.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "scenes/background.h"
#include "scenes/composition.h"
#include "scenes/weathering.h"

namespace samcache::scenes {
namespace {

constexpr float kSmallest = 0.14F;           // longer side of an object, of the shorter side of the picture
constexpr float kSmallestPatterned = 0.18F;  // a pattern needs some room to be seen
constexpr float kLargest = 0.5F;
constexpr float kMostOverhang = 0.2F;  // part of an object's extent beyond the picture's edge
constexpr int kPlacesPerColour = 5;
constexpr int kAttempts = 20;
constexpr int kAttemptsForTheFirst = 200;

Canvas make_canvas(const SceneOptions& options, Random& random) {
  // log-uniform from 3:4 to 4:3
  const float squeezed = std::exp(random.range(-1.0F, 1.0F) * std::log(4.0F / 3.0F));
  const float aspect =
      options.squeezed ? squeezed : static_cast<float>(options.width) / static_cast<float>(options.height);
  return {options.width, options.height, std::max(aspect, 1.0F), std::max(1 / aspect, 1.0F)};
}

Shadow make_shadow(Random& random) {
  if (!random.chance(0.3F)) {
    return {};
  }
  const float angle = random.range(0, 2 * kPi);
  const float reach = random.range(0.008F, 0.03F);
  Shadow shadow;
  shadow.strength = random.range(0.25F, 0.5F);
  shadow.softness = random.range(0.015F, 0.035F);
  shadow.offset = {reach * std::cos(angle), reach * std::sin(angle)};
  return shadow;
}

Pattern any_pattern(Random& random) {
  const float which = random.uniform();
  return which < 0.6F ? Pattern::kPlain : which < 0.8F ? Pattern::kStriped : Pattern::kDotted;
}

Colour any_name(Random& random) { return static_cast<Colour>(random.pick(kColours)); }

// Often like an earlier object, so that a scene has several instances of one concept.
void choose_looks(Draft& draft, const std::vector<SceneObject>& earlier, Random& random) {
  draft.kind = static_cast<Kind>(random.pick(kKinds));
  draft.colour = any_name(random);
  draft.pattern = any_pattern(random);
  if (earlier.empty() || !random.chance(0.6F)) {
    return;
  }
  const SceneObject& model = earlier[random.pick(static_cast<int>(earlier.size()))];
  const float which = random.uniform();
  if (which < 0.8F) {
    draft.kind = model.kind;
  }
  if (which < 0.6F || which >= 0.8F) {
    draft.colour = model.colour;
  }
}

float choose_size(Pattern pattern, int objects, Random& random) {
  const float smallest = pattern == Pattern::kPlain ? kSmallest : kSmallestPatterned;
  const float t = std::pow(random.uniform(), 1 + 0.15F * static_cast<float>(objects - 1));
  return smallest * std::pow(kLargest / smallest, t);
}

Point choose_centre(const Draft& draft, const Canvas& canvas, Random& random) {
  const Bounds bounds = bounds_of(draft.outline.contours);
  const float overhang = random.chance(0.3F) ? random.range(0, kMostOverhang) : 0.0F;
  const float inset_x = (0.5F - overhang) * bounds.width() * draft.size;
  const float inset_y = (0.5F - overhang) * bounds.height() * draft.size;
  const float x = random.range(inset_x, canvas.units_wide - inset_x);
  return {x, random.range(inset_y, canvas.units_high - inset_y)};
}

void add_object(Composition& composition, const Canvas& canvas, int objects, Random random) {
  const bool first = composition.objects().empty();
  Draft draft;
  choose_looks(draft, composition.objects(), random);
  draft.outline = posed_outline(draft.kind, random);
  const int attempts = first ? kAttemptsForTheFirst : kAttempts;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt > 0 && attempt % kPlacesPerColour == 0) {
      draft.colour = any_name(random);
    }
    // In a long narrow picture even the largest object may be below the least area.
    const bool must = first && attempt >= kAttempts;
    draft.size = must ? kLargest : choose_size(draft.pattern, objects, random);
    draft.centre = choose_centre(draft, canvas, random);
    if (composition.add(draft, must, random)) {
      return;
    }
  }
}

}  // namespace

Scene make_scene(std::uint64_t seed, const SceneOptions& options) {
  if (options.width < 1 || options.height < 1 || options.max_objects < 1) {
    throw std::invalid_argument("a scene needs pixels and at least one object");
  }
  Random random(seed);
  const Canvas canvas = make_canvas(options, random);
  const Shadow shadow = make_shadow(random);
  Random background_random = random.fork();
  Random weather_random = random.fork();
  Composition composition(canvas, paint_background(canvas, background_random), shadow);
  const int objects = 1 + random.pick(options.max_objects);
  for (int i = 0; i < objects; ++i) {
    add_object(composition, canvas, objects, random.fork());
  }
  Scene scene;
  scene.image = weathered(composition.picture(), canvas, weather_random);
  scene.objects = composition.take_objects();
  return scene;
}

}  // namespace samcache::scenes

#include "scenes/background.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "scenes/contours.h"
#include "scenes/field.h"
#include "scenes/raster.h"

namespace samcache::scenes {
namespace {

// From one colour over a second to a third.
using Ramp = std::array<Rgb, 3>;

Rgb on_ramp(const Ramp& ramp, float t) {
  t = std::clamp(t, 0.0F, 1.0F) * 2;
  return t < 1 ? mix(ramp[0], ramp[1], t) : mix(ramp[1], ramp[2], t - 1);
}

// Close enough to each other that no object can hide in the one while it stands out from their mean.
Ramp related_colours(Random& random, float most) {
  const Rgb first = any_colour(random);
  Rgb last = any_colour(random);
  const float apart = distance(first, last);
  const float wanted = random.range(0.3F, 1.0F) * most;
  if (apart > wanted) {
    last = mix(first, last, wanted / apart);
  }
  return {first, mix(first, last, 0.5F), last};
}

Ramp any_colours(Random& random) {
  const Rgb first = any_colour(random);
  const Rgb second = mix(first, any_colour(random), random.range(0.2F, 0.6F));
  return {first, second, mix(second, any_colour(random), random.range(0.2F, 0.6F))};
}

Ramp shades_of(Random& random, float hue_low, float hue_high, float saturation) {
  const float hue = random.range(hue_low, hue_high);
  const float value = random.range(0.4F, 0.8F);
  const float step = random.range(0.1F, 0.22F);
  return {from_hsv(hue, saturation, value), from_hsv(hue + 4, saturation, value - step / 2),
          from_hsv(hue + 8, saturation, value - step)};
}

Ramp brick_colours(Random& random) {
  Ramp ramp = shades_of(random, 5, 35, random.range(0.15F, 0.6F));
  const float grey = random.range(0.5F, 0.85F);
  ramp[2] = from_hsv(40, 0.1F, grey);
  return ramp;
}

Picture coloured(const Canvas& canvas, const Field& field, const Ramp& ramp) {
  Picture picture = {canvas.width, canvas.height, std::vector<Rgb>(field.size())};
  std::transform(field.begin(), field.end(), picture.pixels.begin(), [&](float t) { return on_ramp(ramp, t); });
  return picture;
}

Picture paint_ground(const Canvas& canvas, Random& random) {
  switch (random.pick(10)) {
    case 0: return coloured(canvas, plain_field(canvas), related_colours(random, 10));
    case 1: return coloured(canvas, linear_field(canvas, random), any_colours(random));
    case 2: return coloured(canvas, radial_field(canvas, random), any_colours(random));
    case 3:
    case 4: return coloured(canvas, cloud_field(canvas, random), related_colours(random, 160));
    case 5: return coloured(canvas, stripe_field(canvas, random), related_colours(random, 75));
    case 6: return coloured(canvas, check_field(canvas, random), related_colours(random, 75));
    case 7: return coloured(canvas, brick_field(canvas, random), brick_colours(random));
    case 8: return coloured(canvas, wood_field(canvas, random), shades_of(random, 18, 38, random.range(0.3F, 0.65F)));
    default:
      return coloured(canvas, grass_field(canvas, random), shades_of(random, 60, 125, random.range(0.35F, 0.7F)));
  }
}

void add_texture(Picture& picture, const Canvas& canvas, Random& random) {
  Field field(picture.pixels.size());
  add_octaves(field, canvas, random.range(3.0F, 25.0F), 2, random.range(0.03F, 0.1F), random);
  for (std::size_t i = 0; i < field.size(); ++i) {
    picture.pixels[i] = picture.pixels[i] * (1 + field[i]);
  }
}

// Thin lines and specks, all smaller than any object.
void add_clutter(Picture& picture, const Canvas& canvas, Random& random) {
  const int count = 2 + random.pick(14);
  for (int i = 0; i < count; ++i) {
    const float x = random.range(0, canvas.units_wide);
    const float y = random.range(0, canvas.units_high);
    const float angle = random.range(0, 2 * kPi);
    const float length = random.chance(0.5F) ? random.range(0.01F, 0.03F) : random.range(0.1F, 0.6F);
    const float bend = random.range(-0.15F, 0.15F) * length;
    const float width = random.range(0.004F, 0.009F) + (length < 0.05F ? 0.008F : 0.0F);
    const Point along = {std::cos(angle) * length / 2, std::sin(angle) * length / 2};
    std::vector<Contour> line = stroke(smooth_path({{x - along.x, y - along.y},
                                                    {x - along.y / length * bend, y + along.x / length * bend},
                                                    {x + along.x, y + along.y}}),
                                       width);
    for (Contour& contour : line) {
      for (Point& p : contour) {
        p = canvas.to_pixels(p);
      }
    }
    const Coverage coverage = rasterise(line, canvas.width, canvas.height);
    const Rgb colour = any_colour(random);
    const float strength = random.range(0.3F, 0.9F);
    for (int py = coverage.y0; py < coverage.y0 + coverage.height; ++py) {
      for (int px = coverage.x0; px < coverage.x0 + coverage.width; ++px) {
        picture.at(px, py) = mix(picture.at(px, py), colour, strength * std::min(coverage.at(px, py), 1.0F));
      }
    }
  }
}

}  // namespace

Picture paint_background(const Canvas& canvas, Random& random) {
  Picture picture = paint_ground(canvas, random);
  if (random.chance(0.4F)) {
    add_texture(picture, canvas, random);
  }
  if (random.chance(0.35F)) {
    add_clutter(picture, canvas, random);
  }
  return picture;
}

}  // namespace samcache::scenes

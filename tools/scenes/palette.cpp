#include "scenes/palette.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace samcache::scenes {
namespace {

struct Gamut {
  float hue_low, hue_high, saturation_low, saturation_high, value_low, value_high;
};

// By Colour. Between neighbours of the colour circle lies a gap, so that lighting cannot carry one into the other.
constexpr std::array<Gamut, kColours> kGamuts = {{
    {-10, 4, 0.80F, 1.00F, 0.66F, 0.94F},
    {22, 33, 0.85F, 1.00F, 0.92F, 1.00F},
    {50, 58, 0.72F, 1.00F, 0.88F, 1.00F},
    {98, 150, 0.50F, 0.95F, 0.42F, 0.80F},
    {205, 230, 0.68F, 1.00F, 0.60F, 0.95F},
    {273, 292, 0.50F, 0.85F, 0.45F, 0.78F},
    {0, 360, 0.00F, 0.05F, 0.93F, 1.00F},
    {0, 360, 0.00F, 0.25F, 0.04F, 0.13F},
}};

}  // namespace

float distance(Rgb a, Rgb b) {
  const Rgb d = a + b * -1.0F;
  return std::sqrt(d.r * d.r + d.g * d.g + d.b * d.b);
}

Rgb from_hsv(float degrees, float saturation, float value) {
  const float hue = std::fmod(degrees + 360.0F, 360.0F) / 60.0F;
  const auto channel = [&](float shift) {
    const float k = std::fmod(shift + hue, 6.0F);
    return 255.0F * value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0F, 1.0F));
  };
  return {channel(5), channel(3), channel(1)};
}

Rgb tint_of(Colour colour, Random& random) {
  const Gamut& gamut = kGamuts[static_cast<std::size_t>(colour)];
  const float hue = random.range(gamut.hue_low, gamut.hue_high);
  const float saturation = random.range(gamut.saturation_low, gamut.saturation_high);
  return from_hsv(hue, saturation, random.range(gamut.value_low, gamut.value_high));
}

Rgb any_colour(Random& random) {
  const float hue = random.range(0, 360);
  const bool muted = random.chance(0.65F);
  const float saturation = muted ? random.range(0, 0.4F) : random.range(0.4F, 0.9F);
  return from_hsv(hue, saturation, random.range(0.15F, 0.98F));
}

Rgb contrast_to(Rgb ground, Random& random) {
  constexpr float kVisible = 120;
  for (int attempt = 0; attempt < 6; ++attempt) {
    Rgb candidate;
    if (random.chance(0.45F)) {
      candidate = mix(ground, random.chance(0.5F) ? kWhiteTint : kBlackTint, random.range(0.6F, 0.8F));
    } else {
      candidate = tint_of(static_cast<Colour>(random.pick(kColours)), random);
    }
    if (distance(candidate, ground) >= kVisible) {
      return candidate;
    }
  }
  return mark_on(ground);
}

Rgb mark_on(Rgb ground) { return lightness(ground) > 105 ? Rgb{28, 28, 34} : Rgb{228, 232, 236}; }

Rgb shade_of(Rgb ground) { return mix(ground, lightness(ground) > 70 ? kBlackTint : kWhiteTint, 0.32F); }

}  // namespace samcache::scenes

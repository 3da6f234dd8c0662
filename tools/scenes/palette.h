// Colours, and which of them a person would call by which name.
#pragma once

#include "scenes/random.h"
#include "scenes/scene.h"

namespace samcache::scenes {

struct Rgb {
  float r = 0;  // 0 to 255
  float g = 0;
  float b = 0;
};

inline Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Rgb operator*(Rgb a, float s) { return {a.r * s, a.g * s, a.b * s}; }
inline Rgb mix(Rgb a, Rgb b, float t) { return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t}; }
inline float lightness(Rgb c) { return 0.299F * c.r + 0.587F * c.g + 0.114F * c.b; }

inline constexpr Rgb kWhiteTint = {250, 250, 250};
inline constexpr Rgb kBlackTint = {12, 12, 14};

float distance(Rgb a, Rgb b);
Rgb from_hsv(float degrees, float saturation, float value);  // degrees from -360 up

Rgb tint_of(Colour colour, Random& random);   // one that has that name
Rgb any_colour(Random& random);               // for what needs no name
Rgb contrast_to(Rgb ground, Random& random);  // for stripes and dots
Rgb mark_on(Rgb ground);                      // dark or light, whichever shows better
Rgb shade_of(Rgb ground);                     // its own colour, but to be told apart

}  // namespace samcache::scenes

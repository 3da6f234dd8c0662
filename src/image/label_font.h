// The letters of overlay labels: one fixed-width bitmap font, Latin-1. Private to src/image.
#pragma once

#include <array>
#include <cstdint>

namespace samcache {

inline constexpr int kLabelGlyphWidth = 7;
inline constexpr int kLabelGlyphHeight = 13;

// One byte a row, from the top; the highest bit is the leftmost pixel.
using LabelGlyph = std::array<std::uint8_t, kLabelGlyphHeight>;

// '?' for what the font does not have.
const LabelGlyph& label_glyph(char32_t character);

}  // namespace samcache

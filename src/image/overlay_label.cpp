#include "image/overlay_label.h"

#include <algorithm>

#include "image/label_font.h"

namespace samcache {
namespace {

// Malformed UTF-8 gives '?', one for each byte that cannot be part of a character.
std::u32string characters_of(const std::string& utf8) {
  std::u32string characters;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    char32_t character = length == 1 ? lead : lead & (0x7F >> length);
    bool valid = length > 0 && i + length <= utf8.size();
    for (std::size_t k = 1; valid && k < length; ++k) {
      const auto next = static_cast<unsigned char>(utf8[i + k]);
      valid = next >> 6 == 2;
      character = character << 6 | (next & 0x3F);
    }
    characters += valid ? character : U'?';
    i += valid ? length : 1;
  }
  return characters;
}

}  // namespace

void draw_overlay_label(OverlayLayer& layer, const std::string& text, int x, int y, int scale,
                        const OverlayRgb& colour) {
  std::u32string characters = characters_of(text);
  const int padding = 2 * scale;
  const int room = std::max(0, (layer.width() - 2 * padding) / (kLabelGlyphWidth * scale));
  if (characters.size() > static_cast<std::size_t>(room)) characters.resize(static_cast<std::size_t>(room));
  if (characters.empty()) return;
  const int tag_width = static_cast<int>(characters.size()) * kLabelGlyphWidth * scale + 2 * padding;
  const int tag_height = kLabelGlyphHeight * scale + padding;
  const int left = std::clamp(x, 0, std::max(0, layer.width() - tag_width));
  const int top = std::clamp(y - tag_height, 0, std::max(0, layer.height() - tag_height));
  layer.fill_rect(left, top, left + tag_width, top + tag_height, colour);
  const int luminance = (299 * colour[0] + 587 * colour[1] + 114 * colour[2]) / 1000;
  const OverlayRgb ink = luminance > 140 ? OverlayRgb{0, 0, 0} : OverlayRgb{255, 255, 255};
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const LabelGlyph& glyph = label_glyph(characters[i]);
    const int glyph_left = left + padding + static_cast<int>(i) * kLabelGlyphWidth * scale;
    for (int row = 0; row < kLabelGlyphHeight; ++row) {
      for (int column = 0; column < kLabelGlyphWidth; ++column) {
        if ((glyph[static_cast<std::size_t>(row)] >> (7 - column) & 1) == 0) continue;
        const int px = glyph_left + column * scale;
        const int py = top + padding / 2 + row * scale;
        layer.fill_rect(px, py, px + scale, py + scale, ink);
      }
    }
  }
}

}  // namespace samcache

#include "image/overlay.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "image/label_font.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr Colour kBlack{0, 0, 0};
constexpr Colour kWhite{255, 255, 255};
constexpr Colour kPositive{40, 220, 70};
constexpr Colour kNegative{255, 60, 50};
constexpr float kHaloOpacity = 0.6F;

Colour colour_of_hue(double hue) {
  const auto channel = [&](double shift) {
    const double position = std::fmod(hue * 6 + shift, 6.0);
    const double value = 1 - std::clamp(std::min(position, 4 - position), 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(60 + 195 * value));
  };
  return {channel(5), channel(3), channel(1)};
}

std::uint8_t mixed(std::uint8_t below, std::uint8_t above, float opacity) {
  const float value = static_cast<float>(below) + (static_cast<float>(above) - static_cast<float>(below)) * opacity;
  return static_cast<std::uint8_t>(std::lround(value));
}

// The picture being drawn on. Everything is clipped to it.
class Canvas {
 public:
  explicit Canvas(const RgbImage& image) : image_(image) {}

  int width() const { return image_.width; }
  int height() const { return image_.height; }
  RgbImage take() { return std::move(image_); }

  void dim(float brightness) {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = mixed(0, static_cast<std::uint8_t>(i), brightness);
    for (std::uint8_t& value : image_.pixels) value = table[value];
  }

  void blend(int x, int y, Colour colour, float opacity) {
    if (x < 0 || y < 0 || x >= image_.width || y >= image_.height) return;
    std::uint8_t* pixel = image_.pixels.data() + (static_cast<std::size_t>(y) * image_.width + x) * 3;
    for (std::size_t c = 0; c < 3; ++c) pixel[c] = mixed(pixel[c], colour[c], opacity);
  }

  void fill_rect(int x0, int y0, int x1, int y1, Colour colour, float opacity = 1) {
    for (int y = std::max(y0, 0); y < std::min(y1, image_.height); ++y) {
      for (int x = std::max(x0, 0); x < std::min(x1, image_.width); ++x) blend(x, y, colour, opacity);
    }
  }

  void fill_frame(int x0, int y0, int x1, int y1, int line_px, Colour colour, float opacity = 1) {
    fill_rect(x0, y0, x1, y0 + line_px, colour, opacity);
    fill_rect(x0, y1 - line_px, x1, y1, colour, opacity);
    fill_rect(x0, y0 + line_px, x0 + line_px, y1 - line_px, colour, opacity);
    fill_rect(x1 - line_px, y0 + line_px, x1, y1 - line_px, colour, opacity);
  }

 private:
  RgbImage image_;
};

void draw_mask(Canvas& canvas, const RgbImage& original, const BinaryMask& mask, const MaskExtent& extent,
               Colour colour, float opacity) {
  for (int y = extent.y0; y < extent.y1; ++y) {
    for (int x = extent.x0; x < extent.x1; ++x) {
      if (!mask.at(x, y)) continue;
      // Masks show the image at its own brightness, which lifts them off the dimmed rest.
      const std::uint8_t* pixel = original.pixels.data() + (static_cast<std::size_t>(y) * original.width + x) * 3;
      const Colour lit{mixed(pixel[0], colour[0], opacity), mixed(pixel[1], colour[1], opacity),
                       mixed(pixel[2], colour[2], opacity)};
      canvas.blend(x, y, lit, 1);
    }
  }
}

// The outline runs along pixel edges; half of `line_px` lies on either side. The halo goes one pixel further outwards.
void draw_outline(Canvas& canvas, const BinaryMask& mask, const MaskExtent& extent, Colour colour, int line_px) {
  const int halo_px = std::max(1, line_px / 2);
  const int half_px = (line_px + 1) / 2;
  const auto is_set = [&](int x, int y) {
    return mask.at(std::clamp(x, 0, mask.width - 1), std::clamp(y, 0, mask.height - 1));
  };
  std::vector<std::pair<int, int>> edge_corners;
  for (int y = extent.y0; y <= extent.y1; ++y) {
    for (int x = extent.x0; x <= extent.x1; ++x) {
      // Beyond the border of the image the mask goes on as it is: a mask that fills the image has no outline.
      const bool here = is_set(x, y);
      if (here != is_set(x - 1, y) || here != is_set(x, y - 1)) edge_corners.emplace_back(x, y);
    }
  }
  // In a pass of its own each, so that no halo falls on a line. A halo pixel is darkened once, however many edges are
  // near: it is set, not blended, after the first time.
  std::vector<std::uint8_t> darkened;
  const int margin = half_px + halo_px + 1;
  const int left = extent.x0 - margin;
  const int top = extent.y0 - margin;
  const int columns = extent.x1 + margin + 1 - left;
  darkened.resize(static_cast<std::size_t>(columns) * static_cast<std::size_t>(extent.y1 + margin + 1 - top));
  const int reach = half_px + halo_px;
  for (const auto& [edge_x, edge_y] : edge_corners) {
    for (int y = edge_y - reach; y < edge_y + reach; ++y) {
      for (int x = edge_x - reach; x < edge_x + reach; ++x) {
        std::uint8_t& done = darkened[static_cast<std::size_t>(y - top) * columns + (x - left)];
        if (done == 0) canvas.blend(x, y, kBlack, kHaloOpacity);
        done = 1;
      }
    }
  }
  for (const auto& [x, y] : edge_corners) canvas.fill_rect(x - half_px, y - half_px, x + half_px, y + half_px, colour);
}

void draw_point(Canvas& canvas, const OverlayPoint& point, int line_px) {
  if (!std::isfinite(point.x) || !std::isfinite(point.y)) return;
  const float limit = 1e6F;
  const int cx = static_cast<int>(std::floor(std::clamp(point.x, -limit, limit)));
  const int cy = static_cast<int>(std::floor(std::clamp(point.y, -limit, limit)));
  const int arm = 4 * line_px;
  const int thick = std::max(1, line_px / 2);
  const auto draw = [&](int grown_px, Colour colour) {
    for (int i = -arm - grown_px; i <= arm + grown_px; ++i) {
      const int t = thick + grown_px;
      if (point.positive) {
        canvas.fill_rect(cx + i, cy - t, cx + i + 1, cy + t + 1, colour);
        canvas.fill_rect(cx - t, cy + i, cx + t + 1, cy + i + 1, colour);
      } else {
        canvas.fill_rect(cx + i - t, cy + i - t, cx + i + t + 1, cy + i + t + 1, colour);
        canvas.fill_rect(cx + i - t, cy - i - t, cx + i + t + 1, cy - i + t + 1, colour);
      }
    }
  };
  draw(std::max(1, line_px / 2), kWhite);
  draw(0, point.positive ? kPositive : kNegative);
}

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

std::string label_text(const OverlayItem& item) {
  if (!item.score) return item.label;
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), *item.score, std::chars_format::fixed, 2).ptr;
  const std::string score(digits.begin(), end);
  return item.label.empty() ? score : item.label + ' ' + score;
}

// A tag with its lower left corner at (x, y), moved as far as it takes to be in the image.
void draw_label(Canvas& canvas, const std::string& text, int x, int y, int scale, Colour colour) {
  std::u32string characters = characters_of(text);
  const int padding = 2 * scale;
  const int room = std::max(0, (canvas.width() - 2 * padding) / (kLabelGlyphWidth * scale));
  if (characters.size() > static_cast<std::size_t>(room)) characters.resize(static_cast<std::size_t>(room));
  if (characters.empty()) return;
  const int tag_width = static_cast<int>(characters.size()) * kLabelGlyphWidth * scale + 2 * padding;
  const int tag_height = kLabelGlyphHeight * scale + padding;
  const int left = std::clamp(x, 0, std::max(0, canvas.width() - tag_width));
  const int top = std::clamp(y - tag_height, 0, std::max(0, canvas.height() - tag_height));
  canvas.fill_rect(left, top, left + tag_width, top + tag_height, colour);
  const int luminance = (299 * colour[0] + 587 * colour[1] + 114 * colour[2]) / 1000;
  const Colour ink = luminance > 140 ? kBlack : kWhite;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const LabelGlyph& glyph = label_glyph(characters[i]);
    const int glyph_left = left + padding + static_cast<int>(i) * kLabelGlyphWidth * scale;
    for (int row = 0; row < kLabelGlyphHeight; ++row) {
      for (int column = 0; column < kLabelGlyphWidth; ++column) {
        if ((glyph[static_cast<std::size_t>(row)] >> (7 - column) & 1) == 0) continue;
        const int px = glyph_left + column * scale;
        const int py = top + padding / 2 + row * scale;
        canvas.fill_rect(px, py, px + scale, py + scale, ink);
      }
    }
  }
}

struct PixelRect {
  int x0, y0, x1, y1;
};

std::optional<PixelRect> clipped_box(const OverlayItem& item, int width, int height) {
  if (!item.box) return std::nullopt;
  const auto rounded = [](float value, int size) {
    return std::isfinite(value) ? static_cast<int>(std::lround(std::clamp(value, 0.0F, static_cast<float>(size)))) : 0;
  };
  const auto& [x0, y0, x1, y1] = *item.box;
  return PixelRect{rounded(x0, width), rounded(y0, height), rounded(x1, width), rounded(y1, height)};
}

void require_sizes(const RgbImage& image, std::span<const OverlayItem> items) {
  const bool fits =
      image.width > 0 && image.height > 0 &&
      image.pixels.size() == static_cast<std::uint64_t>(image.width) * static_cast<unsigned>(image.height) * 3;
  check(fits, "draw_overlay: an image of " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                  " with " + std::to_string(image.pixels.size()) + " bytes");
  for (const OverlayItem& item : items) {
    if (item.mask == nullptr) continue;
    check(item.mask->width == image.width && item.mask->height == image.height,
          "draw_overlay: a mask of " + std::to_string(item.mask->width) + "x" + std::to_string(item.mask->height) +
              " on an image of " + std::to_string(image.width) + "x" + std::to_string(image.height));
  }
}

}  // namespace

Colour overlay_colour(std::size_t index) {
  // Saturated and light enough to tell apart on dark and on bright photographs.
  static constexpr std::array<Colour, 10> kPalette{{{30, 144, 255},
                                                    {255, 127, 14},
                                                    {50, 205, 50},
                                                    {255, 64, 129},
                                                    {255, 215, 0},
                                                    {0, 206, 209},
                                                    {186, 85, 255},
                                                    {255, 99, 71},
                                                    {173, 255, 47},
                                                    {255, 160, 200}}};
  if (index < kPalette.size()) return kPalette[index];
  constexpr double kGoldenRatio = 0.6180339887498949;
  return colour_of_hue(std::fmod(static_cast<double>(index) * kGoldenRatio, 1.0));
}

RgbImage draw_overlay(const RgbImage& image, std::span<const OverlayItem> items, std::span<const OverlayPoint> points,
                      const OverlayOptions& options) {
  require_sizes(image, items);
  const int longest = std::max(image.width, image.height);
  const int line_px = options.line_px > 0 ? options.line_px : std::max(2, 2 * (longest / 1500));
  const int text_scale = std::max(1, (longest + 500) / 1000);
  Canvas canvas(image);
  canvas.dim(options.image_brightness);
  std::vector<MaskExtent> extents(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].mask == nullptr) continue;
    extents[i] = extent_of_mask(*items[i].mask);
    draw_mask(canvas, image, *items[i].mask, extents[i], overlay_colour(i), options.mask_opacity);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (extents[i].area > 0) draw_outline(canvas, *items[i].mask, extents[i], overlay_colour(i), line_px);
    if (const auto box = clipped_box(items[i], image.width, image.height)) {
      canvas.fill_frame(box->x0 - 1, box->y0 - 1, box->x1 + 1, box->y1 + 1, line_px + 2, kBlack, kHaloOpacity);
      canvas.fill_frame(box->x0, box->y0, box->x1, box->y1, line_px, overlay_colour(i));
    }
  }
  // Labels last: no later mask may cover one.
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto box = clipped_box(items[i], image.width, image.height);
    draw_label(canvas, label_text(items[i]), box ? box->x0 : extents[i].x0, box ? box->y0 : extents[i].y0, text_scale,
               overlay_colour(i));
  }
  for (const OverlayPoint& point : points) draw_point(canvas, point, line_px);
  return canvas.take();
}

}  // namespace samcache

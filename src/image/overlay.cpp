#include "image/overlay.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "image/mask_codec.h"
#include "image/overlay_label.h"
#include "image/overlay_layer.h"

namespace samcache {
namespace {

OverlayRgb colour_of_hue(double hue) {
  const auto channel = [&](double shift) {
    const double position = std::fmod(hue * 6 + shift, 6.0);
    const double value = 1 - std::clamp(std::min(position, 4 - position), 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(60 + 195 * value));
  };
  return {channel(5), channel(3), channel(1)};
}

// mixed() of every value below with one above: masks of large images have millions of pixels.
std::array<std::uint8_t, 256> mixing_table(std::uint8_t above, float opacity) {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = mixed(static_cast<std::uint8_t>(i), above, opacity);
  return table;
}

RgbImage dimmed(const RgbImage& image, float brightness) {
  const std::array<std::uint8_t, 256> table = mixing_table(0, 1 - brightness);
  RgbImage dim{image.width, image.height, std::vector<std::uint8_t>(image.pixels.size())};
  for (std::size_t i = 0; i < dim.pixels.size(); ++i) dim.pixels[i] = table[image.pixels[i]];
  return dim;
}

// Masks show the image at its own brightness, which lifts them off the dimmed rest.
void fill_mask(RgbImage& picture, const RgbImage& original, const BinaryMask& mask, const MaskExtent& extent,
               const OverlayRgb& colour, float opacity) {
  const std::array tables = {mixing_table(colour[0], opacity), mixing_table(colour[1], opacity),
                             mixing_table(colour[2], opacity)};
  for (int y = extent.y0; y < extent.y1; ++y) {
    for (int x = extent.x0; x < extent.x1; ++x) {
      if (!mask.at(x, y)) continue;
      const std::size_t at = (static_cast<std::size_t>(y) * original.width + x) * 3;
      for (std::size_t c = 0; c < 3; ++c) picture.pixels[at + c] = tables[c][original.pixels[at + c]];
    }
  }
}

// The outline runs along pixel edges; half of `line_px` lies on either side. The halo goes one pixel further outwards.
void draw_outline(OverlayLayer& layer, const BinaryMask& mask, const MaskExtent& extent, const OverlayRgb& colour,
                  int line_px) {
  const int halo_px = std::max(1, line_px / 2);
  const int half_px = (line_px + 1) / 2;
  const auto row = [&](int y) {
    return mask.pixels.data() + static_cast<std::size_t>(std::clamp(y, 0, mask.height - 1)) * mask.width;
  };
  // Beyond the border of the image the mask goes on as it is: a mask that fills the image has no outline.
  std::vector<std::pair<int, int>> edge_corners;
  for (int y = extent.y0; y <= extent.y1; ++y) {
    const std::uint8_t* here = row(y);
    const std::uint8_t* above = row(y - 1);
    std::uint8_t left = here[std::max(extent.x0 - 1, 0)];
    for (int x = extent.x0; x <= extent.x1; ++x) {
      const int column = std::min(x, mask.width - 1);
      if (here[column] != left || here[column] != above[column]) edge_corners.emplace_back(x, y);
      left = here[column];
    }
  }
  // In a pass of its own each, so that no halo falls on a line. A halo pixel is darkened once, however many edges are
  // near: it is set, not blended, after the first time.
  std::vector<std::uint8_t> darkened;
  const int margin = half_px + halo_px + 1;
  const int first_column = extent.x0 - margin;
  const int top = extent.y0 - margin;
  const int columns = extent.x1 + margin + 1 - first_column;
  darkened.resize(static_cast<std::size_t>(columns) * static_cast<std::size_t>(extent.y1 + margin + 1 - top));
  const int reach = half_px + halo_px;
  for (const auto& [edge_x, edge_y] : edge_corners) {
    for (int y = edge_y - reach; y < edge_y + reach; ++y) {
      for (int x = edge_x - reach; x < edge_x + reach; ++x) {
        std::uint8_t& done = darkened[static_cast<std::size_t>(y - top) * columns + (x - first_column)];
        if (done == 0) layer.draw(x, y, Stroke::halo());
        done = 1;
      }
    }
  }
  for (const auto& [x, y] : edge_corners) layer.fill_rect(x - half_px, y - half_px, x + half_px, y + half_px, colour);
}

void draw_point(OverlayLayer& layer, const OverlayPoint& point, int line_px) {
  if (!std::isfinite(point.x) || !std::isfinite(point.y)) return;
  const float limit = 1e6F;
  const int cx = static_cast<int>(std::floor(std::clamp(point.x, -limit, limit)));
  const int cy = static_cast<int>(std::floor(std::clamp(point.y, -limit, limit)));
  const int arm = 4 * line_px;
  const int thick = std::max(1, line_px / 2);
  const auto draw = [&](int grown_px, const OverlayRgb& colour) {
    for (int i = -arm - grown_px; i <= arm + grown_px; ++i) {
      const int t = thick + grown_px;
      if (point.positive) {
        layer.fill_rect(cx + i, cy - t, cx + i + 1, cy + t + 1, colour);
        layer.fill_rect(cx - t, cy + i, cx + t + 1, cy + i + 1, colour);
      } else {
        layer.fill_rect(cx + i - t, cy + i - t, cx + i + t + 1, cy + i + t + 1, colour);
        layer.fill_rect(cx + i - t, cy - i - t, cx + i + t + 1, cy - i + t + 1, colour);
      }
    }
  };
  draw(std::max(1, line_px / 2), OverlayRgb{255, 255, 255});
  draw(0, overlay_colour_of_sign(point.positive));
}

std::string label_text(const OverlayItem& item) {
  if (!item.score) return item.label;
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), *item.score, std::chars_format::fixed, 2).ptr;
  const std::string score(digits.begin(), end);
  return item.label.empty() ? score : item.label + ' ' + score;
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

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

}  // namespace

OverlayRgb overlay_colour(std::size_t index) {
  // Saturated and light enough to tell apart on dark and on bright photographs.
  static constexpr std::array<OverlayRgb, 10> kPalette{{{30, 144, 255},
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

OverlayRgb overlay_colour_of_sign(bool positive) {
  return positive ? OverlayRgb{40, 220, 70} : OverlayRgb{255, 60, 50};
}

struct OverlayPainter::State {
  struct Label {
    std::string text;
    int x = 0;
    int y = 0;
    OverlayRgb colour{};
  };

  State(const RgbImage& image, const OverlayOptions& drawing_options)
      : original(image),
        options(drawing_options),
        picture(dimmed(image, options.image_brightness)),
        lines(image.width, image.height) {
    const int longest = std::max(image.width, image.height);
    if (options.line_px <= 0) options.line_px = std::max(2, 2 * (longest / 1500));
    text_scale = std::max(1, (longest + 500) / 1000);
  }

  const RgbImage& original;
  OverlayOptions options;
  RgbImage picture;    // with the masks
  OverlayLayer lines;  // apart, since masks are still to come under them
  int text_scale = 1;
  std::size_t items = 0;
  std::vector<Label> labels;
  std::vector<OverlayPoint> points;
};

OverlayPainter::OverlayPainter(const RgbImage& image, const OverlayOptions& options) {
  const bool fits =
      image.width > 0 && image.height > 0 &&
      image.pixels.size() == static_cast<std::uint64_t>(image.width) * static_cast<unsigned>(image.height) * 3;
  check(fits, "OverlayPainter: an image of " + size_text(image.width, image.height) + " with " +
                  std::to_string(image.pixels.size()) + " bytes");
  state_ = std::make_unique<State>(image, options);
}

OverlayPainter::~OverlayPainter() = default;

void OverlayPainter::add(const OverlayItem& item) {
  check(state_ != nullptr, "OverlayPainter: add() after finish()");
  const int width = state_->original.width;
  const int height = state_->original.height;
  const int line_px = state_->options.line_px;
  const OverlayRgb colour = item.colour.value_or(overlay_colour(state_->items));
  MaskExtent extent;
  if (item.mask != nullptr) {
    check(item.mask->width == width && item.mask->height == height, "OverlayPainter: a mask of " +
                                                                        size_text(item.mask->width, item.mask->height) +
                                                                        " on an image of " + size_text(width, height));
    extent = extent_of_mask(*item.mask);
    fill_mask(state_->picture, state_->original, *item.mask, extent, colour, state_->options.mask_opacity);
    if (extent.area > 0) draw_outline(state_->lines, *item.mask, extent, colour, line_px);
  }
  const std::optional<PixelRect> box = clipped_box(item, width, height);
  if (box) {
    state_->lines.fill_frame(box->x0 - 1, box->y0 - 1, box->x1 + 1, box->y1 + 1, line_px + 2, Stroke::halo());
    state_->lines.fill_frame(box->x0, box->y0, box->x1, box->y1, line_px, colour);
  }
  if (std::string text = label_text(item); !text.empty()) {
    state_->labels.push_back({std::move(text), box ? box->x0 : extent.x0, box ? box->y0 : extent.y0, colour});
  }
  ++state_->items;
}

void OverlayPainter::add_point(const OverlayPoint& point) {
  check(state_ != nullptr, "OverlayPainter: add_point() after finish()");
  state_->points.push_back(point);
}

RgbImage OverlayPainter::finish() {
  check(state_ != nullptr, "OverlayPainter: finish() was called already");
  const std::unique_ptr<State> state = std::move(state_);
  OverlayLayer& lines = state->lines;
  for (const State::Label& label : state->labels) {
    draw_overlay_label(lines, label.text, label.x, label.y, state->text_scale, label.colour);
  }
  for (const OverlayPoint& point : state->points) draw_point(lines, point, state->options.line_px);
  lines.flatten_onto(state->picture);
  return std::move(state->picture);
}

}  // namespace samcache

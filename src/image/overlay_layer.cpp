#include "image/overlay_layer.h"

#include <algorithm>
#include <cmath>

namespace samcache {
namespace {

constexpr float kHaloOpacity = 0.6F;

void darken(std::uint8_t* pixel) {
  for (std::size_t c = 0; c < 3; ++c) pixel[c] = mixed(pixel[c], 0, kHaloOpacity);
}

}  // namespace

std::uint8_t mixed(std::uint8_t below, std::uint8_t above, float opacity) {
  const float value = static_cast<float>(below) + (static_cast<float>(above) - static_cast<float>(below)) * opacity;
  return static_cast<std::uint8_t>(std::lround(value));
}

Stroke Stroke::halo() {
  Stroke stroke(OverlayRgb{0, 0, 0});
  stroke.darkens = true;
  return stroke;
}

OverlayLayer::OverlayLayer(int width, int height)
    : width_(width), height_(height), cells_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {}

void OverlayLayer::draw(int x, int y, const Stroke& stroke) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  Cell& cell = cells_[static_cast<std::size_t>(y) * width_ + x];
  if (!stroke.darkens) {
    cell = {stroke.colour, kCovered};
  } else if (cell.state == kCovered) {
    darken(cell.colour.data());
  } else if (cell.state < kCovered - 1) {  // black long before
    ++cell.state;
  }
}

void OverlayLayer::fill_rect(int x0, int y0, int x1, int y1, const Stroke& stroke) {
  for (int y = std::max(y0, 0); y < std::min(y1, height_); ++y) {
    for (int x = std::max(x0, 0); x < std::min(x1, width_); ++x) draw(x, y, stroke);
  }
}

void OverlayLayer::fill_frame(int x0, int y0, int x1, int y1, int line_px, const Stroke& stroke) {
  fill_rect(x0, y0, x1, y0 + line_px, stroke);
  fill_rect(x0, y1 - line_px, x1, y1, stroke);
  fill_rect(x0, y0 + line_px, x0 + line_px, y1 - line_px, stroke);
  fill_rect(x1 - line_px, y0 + line_px, x1, y1 - line_px, stroke);
}

void OverlayLayer::flatten_onto(RgbImage& picture) const {
  std::uint8_t* pixel = picture.pixels.data();
  for (const Cell& cell : cells_) {
    if (cell.state == kCovered) {
      std::copy(cell.colour.begin(), cell.colour.end(), pixel);
    } else {
      for (int i = 0; i < cell.state; ++i) darken(pixel);
    }
    pixel += 3;
  }
}

}  // namespace samcache

// What an overlay draws above its masks: lines, labels, points. Private to src/image.
//
// A pixel of the layer is clear, has a colour, or darkens the picture below, so that lines can be drawn before the
// masks that come to lie under them. Everything is clipped to the layer.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/pixels.h"

namespace samcache {

using OverlayRgb = std::array<std::uint8_t, 3>;

// `opacity` of 1 is all `above`.
std::uint8_t mixed(std::uint8_t below, std::uint8_t above, float opacity);

// What a stroke does to the pixels under it: covers them, or, as a halo, darkens them once more.
struct Stroke {
  Stroke(const OverlayRgb& covering) : colour(covering) {}  // NOLINT(google-explicit-constructor)
  static Stroke halo();

  OverlayRgb colour{};
  bool darkens = false;
};

class OverlayLayer {
 public:
  OverlayLayer(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }

  void draw(int x, int y, const Stroke& stroke);
  // Columns [x0, x1), rows [y0, y1).
  void fill_rect(int x0, int y0, int x1, int y1, const Stroke& stroke);
  // The outermost `line_px` of that.
  void fill_frame(int x0, int y0, int x1, int y1, int line_px, const Stroke& stroke);

  // Lays the layer over `picture`, which has its size.
  void flatten_onto(RgbImage& picture) const;

 private:
  struct Cell {
    OverlayRgb colour{};
    std::uint8_t state = 0;  // 0: clear; kCovered: has a colour; else how many times it darkens
  };
  static constexpr std::uint8_t kCovered = 255;

  int width_;
  int height_;
  std::vector<Cell> cells_;
};

}  // namespace samcache

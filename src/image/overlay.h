// A picture of masks, boxes, points and labels over the image they belong to, for a person to look at.
//
// The image is dimmed a little; each item has its own colour, blended into its mask, with a crisp outline that a dark
// halo keeps visible on bright and busy ground. Lines and letters grow with the image. Letters come from a built-in
// bitmap font (Latin-1; other characters show as '?'), so that labels do not depend on the fonts of the machine.
// Thread-safe; needs no ImageLibrary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/pixels.h"

namespace samcache {

struct OverlayItem {
  const BinaryMask* mask = nullptr;              // not owned; may be null; must have the image's size
  std::optional<std::array<float, 4>> box = {};  // x0, y0, x1, y1 in pixels; clipped to the image
  std::string label = {};                        // UTF-8; may be empty
  std::optional<float> score = {};               // written after the label
};

struct OverlayPoint {
  float x = 0;  // in pixels
  float y = 0;
  bool positive = true;  // a green plus, otherwise a red cross
};

struct OverlayOptions {
  float image_brightness = 0.8F;  // of what lies outside of the masks
  float mask_opacity = 0.5F;
  int line_px = 0;  // outline thickness; 0: 2 pixels, more on images over 1500 pixels
};

// The colour of item `index`: ten well-separated ones, then ever further hues.
std::array<std::uint8_t, 3> overlay_colour(std::size_t index);

// Later items are drawn over earlier ones. Throws std::logic_error for an image or a mask whose size does not fit.
RgbImage draw_overlay(const RgbImage& image, std::span<const OverlayItem> items,
                      std::span<const OverlayPoint> points = {}, const OverlayOptions& options = {});

}  // namespace samcache

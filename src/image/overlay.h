// A picture of masks, boxes, points and labels over the image they belong to, for a person to look at.
//
// The image is dimmed a little; each item has its own colour, blended into its mask, with a crisp outline that a dark
// halo keeps visible on bright and busy ground. Lines and letters grow with the image. Letters come from a built-in
// bitmap font (Latin-1; other characters show as '?'), so that labels do not depend on the fonts of the machine.
//
// The painter takes items one at a time and keeps no mask: hundreds of them cost no more memory than one. Needs no
// ImageLibrary; a painter belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/pixels.h"

namespace samcache {

struct OverlayItem {
  const BinaryMask* mask = nullptr;              // may be null; must have the image's size; looked at by add() alone
  std::optional<std::array<float, 4>> box = {};  // x0, y0, x1, y1 in pixels; clipped to the image
  std::string label = {};                        // UTF-8; may be empty
  std::optional<float> score = {};               // written after the label
  std::optional<std::array<std::uint8_t, 3>> colour = {};  // none: overlay_colour of the number of items before it
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

// Ten well-separated colours, then ever further hues.
std::array<std::uint8_t, 3> overlay_colour(std::size_t index);

// The green of positive points, the red of negative ones: for boxes that mean the same.
std::array<std::uint8_t, 3> overlay_colour_of_sign(bool positive);

class OverlayPainter {
 public:
  // `image` must outlive the painter. Throws std::logic_error for one whose pixels do not fit its size.
  explicit OverlayPainter(const RgbImage& image, const OverlayOptions& options = {});
  ~OverlayPainter();

  // Masks lie over those added before, outlines and boxes over all masks, labels over all outlines. Throws
  // std::logic_error for a mask of another size than the image's.
  void add(const OverlayItem& item);
  // Over everything, labels too.
  void add_point(const OverlayPoint& point);

  // The picture; nothing can be added to it any more.
  RgbImage finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace samcache

// The tag that names an item of an overlay. Private to src/image.
#pragma once

#include <string>

#include "image/overlay_layer.h"

namespace samcache {

// A tag with its lower left corner at (x, y), moved as far as it takes to be in the layer, and cut off where it is
// wider. `scale` layer pixels to a pixel of the font.
void draw_overlay_label(OverlayLayer& layer, const std::string& text, int x, int y, int scale,
                        const OverlayRgb& colour);

}  // namespace samcache

// Points, contours, and the plane that a scene is laid out in.
#pragma once

#include <algorithm>
#include <vector>

namespace samcache::scenes {

inline constexpr float kPi = 3.14159265F;

struct Point {
  float x = 0;
  float y = 0;
};

using Contour = std::vector<Point>;  // closed: the last point joins the first

// The picture in units in which its shorter side is 1, and the pixels it is drawn on, whose sides may differ.
struct Canvas {
  int width = 0;  // pixels
  int height = 0;
  float units_wide = 1;
  float units_high = 1;

  float pixels_per_unit_x() const { return static_cast<float>(width) / units_wide; }
  float pixels_per_unit_y() const { return static_cast<float>(height) / units_high; }
  Point to_pixels(Point p) const { return {p.x * pixels_per_unit_x(), p.y * pixels_per_unit_y()}; }
  // Of the pixel with this index: its centre.
  Point to_units(int x, int y) const {
    return {(static_cast<float>(x) + 0.5F) / pixels_per_unit_x(), (static_cast<float>(y) + 0.5F) / pixels_per_unit_y()};
  }
  float pixel_size() const { return 1.0F / std::min(pixels_per_unit_x(), pixels_per_unit_y()); }  // in units
};

struct Bounds {
  float x0 = 1e9F;
  float y0 = 1e9F;
  float x1 = -1e9F;
  float y1 = -1e9F;

  void include(Point p) {
    x0 = std::min(x0, p.x);
    y0 = std::min(y0, p.y);
    x1 = std::max(x1, p.x);
    y1 = std::max(y1, p.y);
  }
  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
};

inline Bounds bounds_of(const std::vector<Contour>& contours) {
  Bounds bounds;
  for (const Contour& contour : contours) {
    for (const Point p : contour) {
      bounds.include(p);
    }
  }
  return bounds;
}

}  // namespace samcache::scenes

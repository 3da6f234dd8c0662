// What an object is painted with: one colour, or a ground with stripes or dots.
#pragma once

#include <vector>

#include "scenes/geometry.h"
#include "scenes/palette.h"
#include "scenes/random.h"
#include "scenes/scene.h"

namespace samcache::scenes {

class Surface {
 public:
  // `contours` are the object's, around (0, 0), their longer side 1; `pixel` is the size of a pixel in the same units:
  // a pattern is never finer than a few of them.
  Surface(Colour colour, Pattern pattern, const std::vector<Contour>& contours, float pixel, Random& random);

  Rgb at(Point local) const;
  Rgb ground() const { return ground_; }
  Rgb mean() const { return mix(ground_, second_, share_); }  // about

 private:
  float second_at(Point local) const;  // 0 to 1: how much of the second colour is there

  Pattern pattern_;
  Rgb ground_;
  Rgb second_;
  float share_ = 0;    // of the second colour in the area; always less than half
  float edge_ = 0.1F;  // how far a pattern's edge is softened
  Point axis_ = {1, 0};
  float period_ = 1;
  float phase_ = 0;
  float dot_radius_ = 0;
  Point shading_;  // brightness gained over one unit
};

}  // namespace samcache::scenes

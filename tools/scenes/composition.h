// A picture with objects on it, and who is visible where. Refuses an object that would spoil the scene.
#pragma once

#include <vector>

#include "scenes/outline.h"
#include "scenes/picture.h"
#include "scenes/raster.h"
#include "scenes/scene.h"
#include "scenes/surface.h"

namespace samcache::scenes {

// An object with a size and a place.
struct Draft {
  Kind kind = Kind::kDisc;
  Colour colour = Colour::kRed;
  Pattern pattern = Pattern::kPlain;
  Outline outline;    // around (0, 0), its longer side 1
  float size = 0.3F;  // of the longer side, in the canvas's units
  Point centre;       // in the canvas's units
};

// A soft shadow that every object of a scene throws; none if its strength is 0.
struct Shadow {
  float strength = 0;
  float softness = 0.02F;  // in the canvas's units
  Point offset;
};

class Composition {
 public:
  Composition(const Canvas& canvas, Picture background, const Shadow& shadow);

  // Puts the object in front of all others, unless it would be too small, hide too much of another, or look too much
  // like what is around it. `must` waives all but the last of these: for the first object of a scene.
  bool add(const Draft& draft, bool must, Random& random);

  const std::vector<SceneObject>& objects() const { return objects_; }  // masks and boxes still empty
  const Picture& picture() const { return picture_; }
  std::vector<SceneObject> take_objects();  // with masks and boxes

 private:
  struct Surroundings {
    Rgb mean;
    float alike = 0;  // the part of them that can hardly be told from a ground
  };

  bool leaves_enough(const Coverage& coverage) const;
  Surroundings around(const Coverage& coverage, Rgb ground) const;
  void claim(const Coverage& coverage);
  void throw_shadow(const Coverage& coverage);
  void paint(const Draft& draft, const Coverage& coverage, const Surface& surface);
  void paint_details(const Draft& draft, const Coverage& coverage, Rgb ground, Rgb around);
  void paint_rim(const Coverage& coverage, Rgb ground, Rgb around, Random& random);
  std::vector<Contour> in_pixels(std::vector<Contour> contours, const Draft& draft) const;

  Canvas canvas_;
  Picture picture_;
  Shadow shadow_;
  std::vector<SceneObject> objects_;
  std::vector<int> owner_;    // by pixel: the object visible there, or -1
  std::vector<int> whole_;    // by object: its pixels in the picture, hidden or not
  std::vector<int> visible_;  // by object
};

}  // namespace samcache::scenes

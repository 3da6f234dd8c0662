// The pieces that outlines are put together from. All run the same way round, so that pieces may overlap.
#pragma once

#include <vector>

#include "scenes/geometry.h"

namespace samcache::scenes {

Contour ellipse(Point centre, float radius_x, float radius_y);
Contour circle(Point centre, float radius);
Contour polygon(Contour corners);
Contour smooth(const Contour& knots);  // the closed curve through them (Catmull and Rom)
Contour hole(Contour contour);         // the other way round: takes away what lies under it

// A line of that width through the points, with round ends and joints.
std::vector<Contour> stroke(const std::vector<Point>& points, float width);
std::vector<Point> smooth_path(const std::vector<Point>& knots);  // open

void append(std::vector<Contour>& contours, const std::vector<Contour>& more);
std::vector<Contour> mirrored_too(const Contour& contour);  // and its image left of the vertical axis

}  // namespace samcache::scenes

#include "scenes/contours.h"

#include <algorithm>
#include <cmath>

namespace samcache::scenes {
namespace {

constexpr int kCirclePoints = 64;
constexpr int kCurveSteps = 8;  // from one knot to the next

float twice_area(const Contour& contour) {
  float sum = 0;
  for (std::size_t i = 0; i < contour.size(); ++i) {
    const Point a = contour[i];
    const Point b = contour[(i + 1) % contour.size()];
    sum += a.x * b.y - b.x * a.y;
  }
  return sum;
}

float curve(float a, float b, float c, float d, float t) {
  return b + 0.5F * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

Point curve(Point a, Point b, Point c, Point d, float t) {
  return {curve(a.x, b.x, c.x, d.x, t), curve(a.y, b.y, c.y, d.y, t)};
}

}  // namespace

Contour ellipse(Point centre, float radius_x, float radius_y) {
  Contour contour;
  contour.reserve(kCirclePoints);
  for (int i = 0; i < kCirclePoints; ++i) {
    const float angle = 2 * kPi * static_cast<float>(i) / kCirclePoints;
    contour.push_back({centre.x + radius_x * std::cos(angle), centre.y + radius_y * std::sin(angle)});
  }
  return contour;
}

Contour circle(Point centre, float radius) { return ellipse(centre, radius, radius); }

Contour polygon(Contour corners) {
  if (twice_area(corners) < 0) {
    std::reverse(corners.begin(), corners.end());
  }
  return corners;
}

Contour smooth(const Contour& knots) {
  const std::size_t n = knots.size();
  Contour contour;
  for (std::size_t i = 0; i < n; ++i) {
    for (int step = 0; step < kCurveSteps; ++step) {
      contour.push_back(curve(knots[(i + n - 1) % n], knots[i], knots[(i + 1) % n], knots[(i + 2) % n],
                              static_cast<float>(step) / kCurveSteps));
    }
  }
  return polygon(std::move(contour));
}

Contour hole(Contour contour) {
  contour = polygon(std::move(contour));
  std::reverse(contour.begin(), contour.end());
  return contour;
}

std::vector<Contour> stroke(const std::vector<Point>& points, float width) {
  std::vector<Contour> contours;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point a = points[i];
    Contour joint;
    for (int k = 0; k < 12; ++k) {
      const float angle = 2 * kPi * static_cast<float>(k) / 12;
      joint.push_back({a.x + 0.5F * width * std::cos(angle), a.y + 0.5F * width * std::sin(angle)});
    }
    contours.push_back(std::move(joint));
    if (i + 1 < points.size()) {
      const Point b = points[i + 1];
      const float length = std::max(std::hypot(b.x - a.x, b.y - a.y), 1e-6F);
      const Point side = {-(b.y - a.y) / length * width / 2, (b.x - a.x) / length * width / 2};
      contours.push_back(polygon({{a.x + side.x, a.y + side.y},
                                  {b.x + side.x, b.y + side.y},
                                  {b.x - side.x, b.y - side.y},
                                  {a.x - side.x, a.y - side.y}}));
    }
  }
  return contours;
}

std::vector<Point> smooth_path(const std::vector<Point>& knots) {
  std::vector<Point> path;
  const std::size_t n = knots.size();
  for (std::size_t i = 0; i + 1 < n; ++i) {
    for (int step = 0; step < 4; ++step) {
      path.push_back(curve(knots[i == 0 ? 0 : i - 1], knots[i], knots[i + 1], knots[std::min(i + 2, n - 1)],
                           static_cast<float>(step) / 4));
    }
  }
  path.push_back(knots.back());
  return path;
}

void append(std::vector<Contour>& contours, const std::vector<Contour>& more) {
  contours.insert(contours.end(), more.begin(), more.end());
}

std::vector<Contour> mirrored_too(const Contour& contour) {
  Contour image = contour;
  for (Point& p : image) {
    p.x = -p.x;
  }
  return {polygon(contour), polygon(std::move(image))};
}

}  // namespace samcache::scenes

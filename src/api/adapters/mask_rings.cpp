#include "api/adapters/mask_rings.h"

#include <algorithm>
#include <cmath>

#include "image/mask_codec.h"

namespace samcache {
namespace {

using Ring = std::vector<RingPoint>;

constexpr double kSpeck = 0.2;  // of the average area

struct Measured {
  Ring ring;
  double area = 0;
};

Ring points_of(const PolygonRing& flat) {
  Ring ring;
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2) ring.push_back({flat[i], flat[i + 1]});
  return ring;
}

double area_of(const Ring& ring) {
  double twice = 0;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const auto& [x0, y0] = ring[i];
    const auto& [x1, y1] = ring[(i + 1) % ring.size()];
    twice += static_cast<double>(x0) * y1 - static_cast<double>(x1) * y0;
  }
  return std::abs(twice) / 2;
}

double length_of(const Ring& ring) {
  double length = 0;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const RingPoint& next = ring[(i + 1) % ring.size()];
    length += std::hypot(next[0] - ring[i][0], next[1] - ring[i][1]);
  }
  return length;
}

std::vector<Measured> measured_rings(const BinaryMask& mask, double tolerance_px) {
  std::vector<Measured> rings;
  for (const MaskPolygon& polygon : polygons_from_mask(mask, {.tolerance_px = tolerance_px})) {
    Ring ring = points_of(polygon.outer);
    const double area = area_of(ring);
    rings.push_back({std::move(ring), area});
  }
  std::ranges::sort(rings, std::greater{}, &Measured::area);
  return rings;
}

}  // namespace

std::vector<std::vector<RingPoint>> rings_of_mask(const BinaryMask& mask, double fineness) {
  std::vector<Measured> rings = measured_rings(mask, 0);
  if (rings.empty()) return {};
  if (fineness > 0) rings = measured_rings(mask, fineness * length_of(rings.front().ring));
  double sum = 0;
  for (const Measured& measured : rings) sum += measured.area;
  const double least = kSpeck * sum / static_cast<double>(rings.size());
  std::vector<Ring> kept;
  for (Measured& measured : rings) {
    if (measured.area >= least) kept.push_back(std::move(measured.ring));
  }
  return kept;
}

}  // namespace samcache

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "image/mask_checks.h"
#include "image/mask_codec.h"
#include "image/mask_contours.h"

namespace samcache {
namespace {

static_assert(std::endian::native == std::endian::little, "rows are filled in 64-bit words");

// ---- simplification

double squared_distance_to_segment(PixelCorner point, PixelCorner a, PixelCorner b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double px = point.x - a.x;
  const double py = point.y - a.y;
  const double length2 = dx * dx + dy * dy;
  const double along = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0.0;
  const double ex = px - along * dx;
  const double ey = py - along * dy;
  return ex * ex + ey * ey;
}

// Douglas-Peucker between the corners `begin` and `end` (an index of corners.size() means the first again).
void keep_far_corners(const std::vector<PixelCorner>& corners, std::size_t begin, std::size_t end, double tolerance_px,
                      std::vector<char>& keep) {
  std::vector<std::pair<std::size_t, std::size_t>> spans{{begin, end}};
  while (!spans.empty()) {
    const auto [from, to] = spans.back();
    spans.pop_back();
    double farthest2 = tolerance_px * tolerance_px;
    std::size_t farthest = to;
    for (std::size_t i = from + 1; i < to; ++i) {
      const double distance2 = squared_distance_to_segment(corners[i], corners[from], corners[to % corners.size()]);
      if (distance2 > farthest2) {
        farthest2 = distance2;
        farthest = i;
      }
    }
    if (farthest == to) continue;
    keep[farthest] = 1;
    spans.emplace_back(from, farthest);
    spans.emplace_back(farthest, to);
  }
}

std::size_t farthest_from_first(const std::vector<PixelCorner>& corners) {
  std::size_t farthest = 0;
  double farthest2 = 0;
  for (std::size_t i = 1; i < corners.size(); ++i) {
    const double dx = corners[i].x - corners[0].x;
    const double dy = corners[i].y - corners[0].y;
    if (dx * dx + dy * dy > farthest2) {
      farthest2 = dx * dx + dy * dy;
      farthest = i;
    }
  }
  return farthest;
}

std::vector<PixelCorner> simplified(const std::vector<PixelCorner>& corners, double tolerance_px) {
  // Douglas-Peucker is quadratic on outlines made to be so; corners kept at this distance bound it.
  constexpr std::size_t kMaxSpan = 4096;
  std::vector<char> keep(corners.size(), 0);
  std::vector<std::size_t> anchors{0, farthest_from_first(corners), corners.size()};
  for (std::size_t i = kMaxSpan; i < corners.size(); i += kMaxSpan) anchors.push_back(i);
  std::sort(anchors.begin(), anchors.end());
  for (std::size_t i = 0; i + 1 < anchors.size(); ++i) {
    keep[anchors[i]] = 1;
    keep_far_corners(corners, anchors[i], anchors[i + 1], tolerance_px, keep);
  }
  std::vector<PixelCorner> kept;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    if (keep[i] != 0) kept.push_back(corners[i]);
  }
  return kept.size() >= 3 ? kept : corners;
}

PolygonRing ring_of(const std::vector<PixelCorner>& corners) {
  PolygonRing ring;
  ring.reserve(2 * corners.size());
  for (const PixelCorner corner : corners) {
    ring.push_back(static_cast<float>(corner.x));
    ring.push_back(static_cast<float>(corner.y));
  }
  return ring;
}

// ---- bridges to holes

std::size_t nearest_point(const PolygonRing& ring, float x, float y) {
  std::size_t nearest = 0;
  float nearest2 = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < ring.size(); i += 2) {
    const float distance2 = (ring[i] - x) * (ring[i] - x) + (ring[i + 1] - y) * (ring[i + 1] - y);
    if (distance2 < nearest2) {
      nearest2 = distance2;
      nearest = i;
    }
  }
  return nearest;
}

void append_point(PolygonRing& ring, const PolygonRing& from, std::size_t at) {
  ring.push_back(from[at]);
  ring.push_back(from[at + 1]);
}

PolygonRing with_bridged_holes(const MaskPolygon& polygon) {
  // The bridge may start anywhere, for what is walked twice encloses nothing; a short one looks better.
  constexpr std::size_t kMaxComparisons = 16'000'000;
  const bool search = polygon.holes.size() < kMaxComparisons / std::max<std::size_t>(polygon.outer.size(), 1);
  std::vector<std::pair<std::size_t, std::size_t>> bridges;  // offset in the outer ring, hole
  for (std::size_t i = 0; i < polygon.holes.size(); ++i) {
    const PolygonRing& hole = polygon.holes[i];
    if (hole.size() < 2) continue;
    bridges.emplace_back(search ? nearest_point(polygon.outer, hole[0], hole[1]) : 0, i);
  }
  std::sort(bridges.begin(), bridges.end());
  PolygonRing ring;
  auto bridge = bridges.begin();
  for (std::size_t at = 0; at + 1 < polygon.outer.size(); at += 2) {
    append_point(ring, polygon.outer, at);
    for (; bridge != bridges.end() && bridge->first == at; ++bridge) {
      const PolygonRing& hole = polygon.holes[bridge->second];
      ring.insert(ring.end(), hole.begin(), hole.end());
      append_point(ring, hole, 0);
      append_point(ring, polygon.outer, at);
    }
  }
  return ring;
}

// ---- filling

Status check_ring(const PolygonRing& ring) {
  if (ring.size() % 2 != 0 || ring.size() < 6) {
    return Error{ErrorCode::kInvalidArgument,
                 "polygon: a ring needs three or more points as x, y pairs, this one has " +
                     std::to_string(ring.size()) + " numbers"};
  }
  if (!std::all_of(ring.begin(), ring.end(), [](float value) { return std::isfinite(value); })) {
    return Error{ErrorCode::kInvalidArgument, "polygon: a coordinate is not a finite number"};
  }
  return {};
}

// Fills by parity: each edge flips the first pixel right of it in every row whose centre line it crosses, and each
// pixel of the result combines the flips up to it.
class ParityFill {
 public:
  ParityFill(int width, int height)
      : mask_{width, height,
              std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height))} {}

  // False when the rings ask for more work than any real outline does.
  bool add(const PolygonRing& ring) {
    for (std::size_t i = 0; i < ring.size(); i += 2) {
      const std::size_t next = i + 2 < ring.size() ? i + 2 : 0;
      add_edge(ring[i], ring[i + 1], ring[next], ring[next + 1]);
      if (crossings_ > kMaxCrossings) return false;
    }
    return true;
  }

  BinaryMask take() {
    const auto width = static_cast<std::size_t>(mask_.width);
    for (std::size_t i = 0; i < mask_.pixels.size(); i += width) combine(mask_.pixels.data() + i, width);
    return std::move(mask_);
  }

 private:
  static constexpr std::uint64_t kMaxCrossings = 200'000'000;

  // The first row (or column) whose centre is not before `coordinate`, within [0, size].
  static int first_centre(double coordinate, int size) {
    return static_cast<int>(std::clamp(std::ceil(coordinate - 0.5), 0.0, static_cast<double>(size)));
  }

  void add_edge(double x0, double y0, double x1, double y1) {
    if (y0 > y1) {
      std::swap(x0, x1);
      std::swap(y0, y1);
    }
    const int end = first_centre(y1, mask_.height);
    int y = first_centre(y0, mask_.height);
    if (y >= end) return;
    crossings_ += static_cast<std::uint64_t>(end - y);
    const double slope = (x1 - x0) / (y1 - y0);
    for (; y < end; ++y) {
      const int x = first_centre(x0 + (y + 0.5 - y0) * slope, mask_.width);
      if (x < mask_.width) mask_.pixels[static_cast<std::size_t>(y) * mask_.width + x] ^= 1;
    }
  }

  static void combine(std::uint8_t* row, std::size_t width) {
    std::uint64_t parity = 0;  // of all pixels before, 0 or 1
    std::size_t x = 0;
    for (; x + 8 <= width; x += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, row + x, sizeof word);
      word ^= word << 8;
      word ^= word << 16;
      word ^= word << 32;
      word ^= parity * 0x0101010101010101U;
      std::memcpy(row + x, &word, sizeof word);
      parity = word >> 56;
    }
    for (; x < width; ++x) {
      row[x] = static_cast<std::uint8_t>(row[x] ^ parity);
      parity = row[x];
    }
  }

  BinaryMask mask_;
  std::uint64_t crossings_ = 0;
};

Result<BinaryMask> fill(const std::vector<const PolygonRing*>& rings, int width, int height) {
  if (Status size = check_mask_size(width, height, "polygon"); !size) return size.error();
  std::size_t numbers = 0;
  for (const PolygonRing* ring : rings) {
    if (Status valid = check_ring(*ring); !valid) return valid.error();
    numbers += ring->size();
  }
  if (numbers / 2 > kMaxPolygonVertices) {
    return Error{ErrorCode::kTooLarge, "polygon: " + std::to_string(numbers / 2) + " points, over the limit of " +
                                           std::to_string(kMaxPolygonVertices)};
  }
  ParityFill parity_fill(width, height);
  for (const PolygonRing* ring : rings) {
    if (!parity_fill.add(*ring)) {
      return Error{ErrorCode::kTooLarge, "polygon: the rings cross too many rows; simplify them"};
    }
  }
  return parity_fill.take();
}

}  // namespace

std::vector<MaskPolygon> polygons_from_mask(const BinaryMask& mask, const PolygonOptions& options) {
  require_binary(mask, "polygons_from_mask");
  check(options.tolerance_px >= 0, "polygons_from_mask: the tolerance is negative");
  std::vector<MaskPolygon> polygons;
  for (const PixelContour& contour : trace_contours(mask)) {
    PolygonRing ring =
        ring_of(options.tolerance_px > 0 ? simplified(contour.corners, options.tolerance_px) : contour.corners);
    if (contour.is_hole) {
      polygons[contour.region].holes.push_back(std::move(ring));
    } else {
      polygons.push_back({std::move(ring), {}});
    }
  }
  return polygons;
}

std::vector<PolygonRing> coco_segmentation(const std::vector<MaskPolygon>& polygons) {
  std::vector<PolygonRing> rings;
  rings.reserve(polygons.size());
  for (const MaskPolygon& polygon : polygons) {
    rings.push_back(polygon.holes.empty() ? polygon.outer : with_bridged_holes(polygon));
  }
  return rings;
}

Result<BinaryMask> mask_from_rings(std::span<const PolygonRing> rings, int width, int height) {
  std::vector<const PolygonRing*> pointers;
  for (const PolygonRing& ring : rings) pointers.push_back(&ring);
  return fill(pointers, width, height);
}

Result<BinaryMask> mask_from_polygons(std::span<const MaskPolygon> polygons, int width, int height) {
  std::vector<const PolygonRing*> pointers;
  for (const MaskPolygon& polygon : polygons) {
    pointers.push_back(&polygon.outer);
    for (const PolygonRing& hole : polygon.holes) pointers.push_back(&hole);
  }
  return fill(pointers, width, height);
}

}  // namespace samcache

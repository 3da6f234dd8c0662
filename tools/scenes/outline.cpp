#include "scenes/outline.h"

#include <algorithm>
#include <cmath>

#include "scenes/contours.h"

namespace samcache::scenes {
namespace {

Outline square_outline(Random& random) {
  const float longer = random.chance(0.4F) ? random.range(1.0F, 1.2F) : 1.0F;
  return {{polygon({{-longer, -1}, {longer, -1}, {longer, 1}, {-longer, 1}})}, {}};
}

Outline triangle_outline(Random& random) {
  Contour corners;
  for (int i = 0; i < 3; ++i) {
    const float angle = 2 * kPi * (static_cast<float>(i) / 3 + random.range(-0.035F, 0.035F));
    corners.push_back({std::cos(angle), std::sin(angle)});
  }
  return {{polygon(corners)}, {}};
}

Outline star_outline(Random& random) {
  const int points = 5 + random.pick(2);
  const float inner = random.range(0.38F, 0.5F);
  Contour corners;
  for (int i = 0; i < 2 * points; ++i) {
    const float angle = kPi * static_cast<float>(i) / static_cast<float>(points);
    const float radius = i % 2 == 0 ? 1.0F : inner;
    corners.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  return {{polygon(corners)}, {}};
}

Outline ring_outline(Random& random) {
  return {{circle({0, 0}, 1), hole(circle({0, 0}, random.range(0.48F, 0.66F)))}, {}};
}

Outline blob_outline(Random& random) {
  const int lobes = 3 + random.pick(3);
  // Five deep lobes would be a star.
  const float depth = random.range(0.75F, 1.0F) * (lobes == 3 ? 0.32F : lobes == 4 ? 0.27F : 0.17F);
  const float skew = random.range(0.05F, 0.12F);
  const float skew_angle = random.range(0, 2 * kPi);
  const float squash = random.range(0.8F, 1.0F);
  Contour contour;
  constexpr int kPoints = 96;
  for (int i = 0; i < kPoints; ++i) {
    const float angle = 2 * kPi * static_cast<float>(i) / kPoints;
    const float radius =
        1 + depth * std::sin(static_cast<float>(lobes) * angle) + skew * std::sin(2 * angle + skew_angle);
    contour.push_back({radius * std::cos(angle), squash * radius * std::sin(angle)});
  }
  return {{polygon(std::move(contour))}, {}};
}

Outline leaf_outline(Random& random) {
  const float half_width = random.range(0.36F, 0.52F);
  const float belly = random.range(0.75F, 1.0F);  // below 1 the widest place is nearer to the stem
  const float stem = random.range(0.3F, 0.45F);
  Contour edge;
  constexpr int kPoints = 24;
  for (int side = 0; side < 2; ++side) {
    for (int i = 0; i < kPoints; ++i) {
      const float t = static_cast<float>(side == 0 ? i : kPoints - i) / kPoints;
      const float width = half_width * std::pow(std::max(std::sin(kPi * std::pow(t, belly)), 0.0F), 1.15F);
      edge.push_back({-1 + 2 * t, side == 0 ? width : -width});
    }
  }
  Outline leaf;
  leaf.contours.push_back(polygon(std::move(edge)));
  append(leaf.contours, stroke({{-1 - stem, random.range(-0.12F, 0.12F)}, {-0.85F, 0}}, 0.12F));
  if (random.chance(0.7F)) {
    std::vector<Contour> veins = stroke({{-0.95F, 0}, {0.75F, 0}}, 0.055F);
    for (const float x : {-0.5F, -0.1F, 0.3F}) {
      append(veins, stroke({{x + 0.25F, 0.5F * half_width}, {x, 0}, {x + 0.25F, -0.5F * half_width}}, 0.04F));
    }
    leaf.details.push_back({Tone::kShade, std::move(veins)});
  }
  return leaf;
}

Outline upright_outline(Kind kind, Random& random) {
  switch (kind) {
    case Kind::kDisc: return {{circle({0, 0}, 1)}, {}};
    case Kind::kSquare: return square_outline(random);
    case Kind::kTriangle: return triangle_outline(random);
    case Kind::kStar: return star_outline(random);
    case Kind::kRing: return ring_outline(random);
    case Kind::kLetter: return letter_outline(random);
    case Kind::kBlob: return blob_outline(random);
    case Kind::kLeaf: return leaf_outline(random);
    case Kind::kBottle: return bottle_outline(random);
    case Kind::kCup: return cup_outline(random);
    case Kind::kCar: return car_outline(random);
    case Kind::kCat: return cat_outline(random);
    case Kind::kFish: return fish_outline(random);
    case Kind::kBird: return bird_outline(random);
  }
  return {};
}

bool has_an_upright(Kind kind) { return kind == Kind::kLetter || kind >= Kind::kBottle; }
bool may_be_mirrored(Kind kind) { return kind >= Kind::kCup; }

template <typename Move>
void move_points(Outline& outline, const Move& move) {
  for (Contour& contour : outline.contours) {
    for (Point& p : contour) {
      p = move(p);
    }
  }
  for (Detail& detail : outline.details) {
    for (Contour& contour : detail.contours) {
      for (Point& p : contour) {
        p = move(p);
      }
    }
  }
}

}  // namespace

Outline posed_outline(Kind kind, Random& random) {
  Outline outline = upright_outline(kind, random);
  const float tilt = has_an_upright(kind) ? kPi * 25 / 180 : kPi;
  const float angle = random.range(-tilt, tilt);
  const float mirror = may_be_mirrored(kind) && random.chance(0.5F) ? -1.0F : 1.0F;
  const float stretch = has_an_upright(kind) ? random.range(0.9F, 1.1F) : 1.0F;
  const float c = std::cos(angle);
  const float s = std::sin(angle);
  move_points(outline, [&](Point p) {
    const Point q = {p.x * mirror * stretch, p.y};
    return Point{c * q.x - s * q.y, s * q.x + c * q.y};
  });
  const Bounds bounds = bounds_of(outline.contours);
  const float scale = 1 / std::max(bounds.width(), bounds.height());
  move_points(outline, [&](Point p) {
    return Point{(p.x - (bounds.x0 + bounds.x1) / 2) * scale, (p.y - (bounds.y0 + bounds.y1) / 2) * scale};
  });
  return outline;
}

}  // namespace samcache::scenes

#include "scenes/surface.h"

#include <algorithm>
#include <cmath>

namespace samcache::scenes {
namespace {

constexpr float kRowPitch = 0.8660254F;  // of dots set in triangles
constexpr float kFinestPeriod = 5.0F;    // in pixels

float extent_along(const std::vector<Contour>& contours, Point axis) {
  float low = 1e9F;
  float high = -1e9F;
  for (const Contour& contour : contours) {
    for (const Point p : contour) {
      low = std::min(low, p.x * axis.x + p.y * axis.y);
      high = std::max(high, p.x * axis.x + p.y * axis.y);
    }
  }
  return high - low;
}

}  // namespace

Surface::Surface(Colour colour, Pattern pattern, const std::vector<Contour>& contours, float pixel, Random& random)
    : pattern_(pattern), ground_(tint_of(colour, random)), second_(contrast_to(ground_, random)), edge_(pixel) {
  const float angle = random.range(0, 2 * kPi);
  axis_ = {std::cos(angle), std::sin(angle)};
  phase_ = random.uniform();
  if (pattern == Pattern::kStriped) {
    const auto stripes = static_cast<float>(4 + random.pick(4));
    period_ = std::max(extent_along(contours, axis_) / stripes, kFinestPeriod * pixel);
    share_ = random.range(0.32F, 0.42F);
  } else if (pattern == Pattern::kDotted) {
    period_ = std::max(1.0F / random.range(5.0F, 7.5F), kFinestPeriod * pixel);
    dot_radius_ = random.range(0.28F, 0.34F) * period_;
    share_ = kPi * dot_radius_ * dot_radius_ / (period_ * period_ * kRowPitch);
  }
  if (random.chance(0.6F)) {
    const float strength = random.range(0.05F, 0.28F);
    const float towards = random.range(0, 2 * kPi);
    shading_ = {strength * std::cos(towards), strength * std::sin(towards)};
  }
}

float Surface::second_at(Point local) const {
  const float u = local.x * axis_.x + local.y * axis_.y;
  if (pattern_ == Pattern::kStriped) {
    const float t = u / period_ + phase_;
    const float from_middle = std::abs(t - std::floor(t) - 0.5F) * period_;  // of the stripe
    return std::clamp((share_ * period_ / 2 - from_middle) / edge_ + 0.5F, 0.0F, 1.0F);
  }
  // A dot is smaller than the pitch of its row, so only the nearest row can reach here.
  const float v = local.y * axis_.x - local.x * axis_.y;
  const float row = std::floor(v / (period_ * kRowPitch) + phase_ + 0.5F);
  const float dv = v - (row - phase_) * period_ * kRowPitch;
  const float t = u / period_ + phase_ + row * 0.5F;
  const float du = (t - std::floor(t) - 0.5F) * period_;
  return std::clamp((dot_radius_ - std::sqrt(du * du + dv * dv)) / edge_ + 0.5F, 0.0F, 1.0F);
}

Rgb Surface::at(Point local) const {
  const Rgb colour = pattern_ == Pattern::kPlain ? ground_ : mix(ground_, second_, second_at(local));
  return colour * (1 + local.x * shading_.x + local.y * shading_.y);
}

}  // namespace samcache::scenes

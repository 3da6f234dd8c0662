// Bottle, cup and car.
#include <cmath>

#include "scenes/contours.h"
#include "scenes/outline.h"

namespace samcache::scenes {

Outline bottle_outline(Random& random) {
  const float body = random.range(0.32F, 0.42F);  // half of its width
  const float neck = random.range(0.12F, 0.16F);
  const float neck_end = random.range(-0.55F, -0.4F);
  const float shoulder = neck_end + random.range(0.2F, 0.4F);
  Contour right = {{neck * 1.35F, -1}, {neck * 1.35F, -0.86F}, {neck, -0.86F}};
  for (int i = 0; i <= 8; ++i) {
    const float t = static_cast<float>(i) / 8;
    const float rise = 0.5F - 0.5F * std::cos(kPi * t);
    right.push_back({neck + (body - neck) * rise, neck_end + (shoulder - neck_end) * t});
  }
  right.push_back({body, 0.93F});
  right.push_back({body * 0.85F, 1});
  Contour whole = right;
  for (auto p = right.rbegin(); p != right.rend(); ++p) {
    whole.push_back({-p->x, p->y});
  }
  Outline bottle;
  bottle.contours.push_back(polygon(std::move(whole)));
  if (random.chance(0.5F)) {
    bottle.details.push_back({Tone::kShade, {polygon({{-0.5F, -1}, {0.5F, -1}, {0.5F, -0.86F}, {-0.5F, -0.86F}})}});
  }
  if (random.chance(0.4F)) {
    const float top = random.range(0.2F, 0.35F);
    const float bottom = top + random.range(0.25F, 0.35F);
    bottle.details.push_back({Tone::kShade, {polygon({{-1, top}, {1, top}, {1, bottom}, {-1, bottom}})}});
  }
  return bottle;
}

Outline cup_outline(Random& random) {
  const float rim = random.range(0.6F, 0.7F);
  const float foot = random.range(0.42F, 0.54F);
  const float half_height = random.range(0.62F, 0.78F);
  const float handle_height = half_height * random.range(0.5F, 0.62F);
  const float handle_width = random.range(0.36F, 0.44F);
  const float thickness = random.range(0.13F, 0.16F);
  const float side = (rim + foot) / 2;
  Outline cup;
  cup.contours.push_back(polygon({{-rim, -half_height},
                                  {rim, -half_height},
                                  {foot, half_height * 0.93F},
                                  {foot * 0.88F, half_height},
                                  {-foot * 0.88F, half_height},
                                  {-foot, half_height * 0.93F}}));
  const Point centre = {side, -0.05F * half_height};
  cup.contours.push_back(ellipse(centre, handle_width, handle_height));
  cup.contours.push_back(hole(ellipse(centre, handle_width - thickness, handle_height - thickness)));
  if (random.chance(0.6F)) {
    const float top = random.chance(0.5F) ? -half_height : -half_height * 0.3F;
    const float bottom = top + half_height * 0.28F;
    cup.details.push_back(
        {Tone::kShade, {polygon({{-rim, top}, {rim, top}, {side * 0.95F, bottom}, {-side * 0.95F, bottom}})}});
  }
  return cup;
}

Outline car_outline(Random& random) {
  const float roof = random.range(-0.6F, -0.48F);
  const float rear = random.range(-0.75F, -0.4F);  // of the roof: a hatchback's ends above its boot
  const float front = random.range(0.12F, 0.28F);
  const float waist = -0.12F;
  const float wheel = random.range(0.22F, 0.26F);
  const Point rear_wheel = {-0.56F, 0.3F};
  const Point front_wheel = {0.57F, 0.3F};
  Outline car;
  car.contours.push_back(polygon({{-0.98F, 0.32F},
                                  {-1, 0.02F},
                                  {-0.94F, waist},
                                  {rear - 0.2F, waist},
                                  {rear, roof + 0.03F},
                                  {rear + 0.06F, roof},
                                  {front - 0.04F, roof},
                                  {front + 0.02F, roof + 0.03F},
                                  {front + 0.3F, waist},
                                  {0.9F, -0.04F},
                                  {1, 0.08F},
                                  {1, 0.32F}}));
  car.contours.push_back(circle(rear_wheel, wheel));
  car.contours.push_back(circle(front_wheel, wheel));
  const float sill = waist - 0.01F;
  const float lintel = roof + 0.09F;
  const float post = (rear + front) / 2 + 0.06F;
  car.details.push_back(
      {Tone::kMark,
       {polygon({{rear - 0.07F, sill}, {rear + 0.08F, lintel}, {post - 0.04F, lintel}, {post - 0.04F, sill}}),
        polygon({{post + 0.04F, sill}, {post + 0.04F, lintel}, {front - 0.03F, lintel}, {front + 0.19F, sill}})}});
  car.details.push_back({Tone::kTyre, {circle(rear_wheel, wheel), circle(front_wheel, wheel)}});
  car.details.push_back({Tone::kPale, {circle(rear_wheel, wheel * 0.42F), circle(front_wheel, wheel * 0.42F)}});
  return car;
}

}  // namespace samcache::scenes

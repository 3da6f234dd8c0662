// Cat, fish and bird.
#include "scenes/contours.h"
#include "scenes/outline.h"

namespace samcache::scenes {
namespace {

Outline sitting_cat(Random& random) {
  const float head = random.range(0.34F, 0.4F);
  const float hips = random.range(0.42F, 0.52F);
  const float tail = random.range(0.0F, 0.3F);
  const float width = random.range(0.13F, 0.17F);
  Outline cat;
  cat.contours.push_back(smooth({{0, -0.4F},
                                 {0.28F, -0.12F},
                                 {hips * 0.9F, 0.4F},
                                 {hips, 0.85F},
                                 {hips * 0.6F, 1},
                                 {-hips * 0.6F, 1},
                                 {-hips, 0.85F},
                                 {-hips * 0.9F, 0.4F},
                                 {-0.28F, -0.12F}}));
  cat.contours.push_back(ellipse({0, -0.48F}, head, head * 0.86F));
  append(cat.contours, mirrored_too({{head * 0.98F, -0.5F}, {head * 0.95F, -1.02F}, {head * 0.15F, -0.72F}}));
  append(cat.contours,
         stroke(smooth_path({{0.35F, 0.9F}, {0.72F, 0.86F}, {0.84F, 0.55F}, {0.72F, 0.3F}, {0.82F, tail}}), width));
  cat.details.push_back({Tone::kMark, mirrored_too(ellipse({head * 0.42F, -0.52F}, 0.06F, 0.075F))});
  cat.details.push_back({Tone::kMark, {polygon({{-0.05F, -0.38F}, {0.05F, -0.38F}, {0, -0.32F}})}});
  return cat;
}

Outline standing_cat(Random& random) {
  const float tail = random.range(-1.0F, -0.75F);
  const float belly = random.range(0.24F, 0.32F);
  Outline cat;
  cat.contours.push_back(smooth({{-0.68F, 0.05F},
                                 {-0.5F, -0.16F},
                                 {0, -0.14F},
                                 {0.5F, -0.2F},
                                 {0.68F, 0.02F},
                                 {0.5F, 0.24F},
                                 {0, belly},
                                 {-0.5F, 0.26F}}));
  for (const float x : {-0.57F, -0.36F, 0.34F, 0.54F}) {
    append(cat.contours, stroke({{x, 0.15F}, {x + random.range(-0.06F, 0.06F), 0.72F}}, 0.15F));
  }
  const Point face = {0.72F, -0.36F};
  cat.contours.push_back(ellipse(face, 0.28F, 0.25F));
  cat.contours.push_back(
      polygon({{face.x - 0.27F, face.y}, {face.x - 0.25F, face.y - 0.42F}, {face.x, face.y - 0.2F}}));
  cat.contours.push_back(
      polygon({{face.x + 0.27F, face.y}, {face.x + 0.25F, face.y - 0.42F}, {face.x, face.y - 0.2F}}));
  append(cat.contours, stroke(smooth_path({{-0.55F, 0}, {-0.86F, -0.2F}, {-0.84F, -0.55F}, {-0.98F, tail}}), 0.13F));
  cat.details.push_back({Tone::kMark,
                         {ellipse({face.x - 0.08F, face.y - 0.04F}, 0.045F, 0.06F),
                          ellipse({face.x + 0.14F, face.y - 0.04F}, 0.045F, 0.06F)}});
  return cat;
}

}  // namespace

Outline cat_outline(Random& random) { return random.chance(0.65F) ? sitting_cat(random) : standing_cat(random); }

Outline fish_outline(Random& random) {
  const float half_height = random.range(0.36F, 0.5F);
  const float tail = random.range(0.36F, 0.5F);
  const float notch = random.range(-0.86F, -0.74F);
  Outline fish;
  fish.contours.push_back(smooth({{-0.55F, 0},
                                  {-0.2F, -half_height * 0.75F},
                                  {0.25F, -half_height},
                                  {0.72F, -half_height * 0.6F},
                                  {0.98F, 0.04F},
                                  {0.72F, half_height * 0.65F},
                                  {0.25F, half_height},
                                  {-0.2F, half_height * 0.75F}}));
  fish.contours.push_back(polygon({{-0.36F, -0.1F}, {-1, -tail}, {notch, 0}, {-1, tail}, {-0.36F, 0.1F}}));
  fish.contours.push_back(polygon({{0.35F, -half_height * 0.8F},
                                   {-0.02F, -half_height - random.range(0.15F, 0.28F)},
                                   {-0.2F, -half_height * 0.6F}}));
  if (random.chance(0.6F)) {
    fish.details.push_back(
        {Tone::kShade,
         stroke(smooth_path({{0.42F, -half_height * 0.6F}, {0.34F, 0}, {0.42F, half_height * 0.6F}}), 0.06F)});
  }
  const Point eye = {0.66F, -0.12F};
  fish.details.push_back({Tone::kPale, {circle(eye, 0.1F)}});
  fish.details.push_back({Tone::kTyre, {circle(eye, 0.055F)}});
  return fish;
}

Outline bird_outline(Random& random) {
  const bool wing_up = random.chance(0.5F);
  const float head = random.range(0.23F, 0.28F);
  const float tail = random.range(0.05F, 0.3F);
  const Point face = {0.5F, -0.4F};
  Outline bird;
  bird.contours.push_back(smooth({{-0.55F, 0.1F},
                                  {-0.2F, -0.2F},
                                  {0.25F, -0.34F},
                                  {0.56F, -0.1F},
                                  {0.45F, 0.28F},
                                  {0.08F, 0.46F},
                                  {-0.3F, 0.36F}}));
  bird.contours.push_back(circle(face, head));
  const Contour beak = polygon({{face.x + head * 0.8F, face.y - 0.14F},
                                {face.x + head + 0.3F, face.y + 0.03F},
                                {face.x + head * 0.8F, face.y + 0.14F}});
  bird.contours.push_back(beak);
  bird.contours.push_back(polygon({{-0.25F, -0.08F}, {-1.05F, tail - 0.1F}, {-0.98F, tail + 0.18F}, {-0.25F, 0.32F}}));
  append(bird.contours, stroke({{-0.02F, 0.4F}, {-0.02F, 0.8F}, {0.1F, 0.8F}}, 0.08F));
  append(bird.contours, stroke({{0.22F, 0.36F}, {0.22F, 0.8F}, {0.34F, 0.8F}}, 0.08F));
  if (wing_up) {
    const float tip = random.range(-0.95F, -0.7F);
    bird.contours.push_back(smooth({{0.25F, -0.1F}, {0.05F, -0.5F}, {-0.45F, tip}, {-0.5F, tip * 0.6F}, {-0.35F, 0}}));
  } else {
    bird.details.push_back(
        {Tone::kShade, {smooth({{0.22F, -0.08F}, {-0.05F, -0.12F}, {-0.6F, 0.2F}, {-0.2F, 0.28F}, {0.12F, 0.18F}})}});
  }
  bird.details.push_back({Tone::kAccent, {beak}});
  bird.details.push_back({Tone::kMark, {circle({face.x + 0.08F, face.y - 0.06F}, 0.055F)}});
  return bird;
}

}  // namespace samcache::scenes

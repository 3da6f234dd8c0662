#include "scenes/weathering.h"

#include <algorithm>
#include <cmath>

#include "scenes/jpeg_artefacts.h"

namespace samcache::scenes {
namespace {

// Stays near 1 so that a colour keeps its name and white does not become grey.
void light(Picture& picture, const Canvas& canvas, Random& random) {
  const bool radial = random.chance(0.5F);
  const float angle = random.range(0, 2 * kPi);
  const float strength = random.range(0.0F, 0.3F);
  const float level = random.range(0.92F, 1.04F);
  const float x = random.range(0, canvas.units_wide);
  const float y = random.range(0, canvas.units_high);
  const Point slope = {std::cos(angle) * strength, std::sin(angle) * strength};
  for (int py = 0; py < picture.height; ++py) {
    for (int px = 0; px < picture.width; ++px) {
      const Point p = canvas.to_units(px, py);
      float gain = 0;
      if (radial) {
        gain = strength * (0.4F - 0.5F * ((p.x - x) * (p.x - x) + (p.y - y) * (p.y - y)));
      } else {
        gain = (p.x - canvas.units_wide / 2) * slope.x + (p.y - canvas.units_high / 2) * slope.y;
      }
      picture.at(px, py) = picture.at(px, py) * (level + std::clamp(gain, -0.15F, 0.15F));
    }
  }
}

// 3 x 3, towards (1 2 1) both ways by `strength` from 0 to 1.
void blur(Picture& picture, float strength) {
  const float side = 0.25F * strength;
  const float middle = 1 - 2 * side;
  const int w = picture.width;
  const int h = picture.height;
  std::vector<Rgb> across(picture.pixels.size());
  for (int y = 0; y < h; ++y) {
    const Rgb* row = picture.pixels.data() + static_cast<std::size_t>(y) * w;
    for (int x = 0; x < w; ++x) {
      across[static_cast<std::size_t>(y) * w + x] =
          row[x] * middle + (row[std::max(x - 1, 0)] + row[std::min(x + 1, w - 1)]) * side;
    }
  }
  for (int y = 0; y < h; ++y) {
    const Rgb* row = across.data() + static_cast<std::size_t>(y) * w;
    const Rgb* above = across.data() + static_cast<std::size_t>(std::max(y - 1, 0)) * w;
    const Rgb* below = across.data() + static_cast<std::size_t>(std::min(y + 1, h - 1)) * w;
    for (int x = 0; x < w; ++x) {
      picture.at(x, y) = row[x] * middle + (above[x] + below[x]) * side;
    }
  }
}

void add_sensor_noise(Picture& picture, float sigma, Random& random) {
  const bool grey = random.chance(0.4F);
  for (Rgb& pixel : picture.pixels) {
    const float r = sigma * random.normal();
    const float g = grey ? r : sigma * random.normal();
    const float b = grey ? r : sigma * random.normal();
    pixel = pixel + Rgb{r, g, b};
  }
}

void keep_in_range(Picture& picture) {
  for (Rgb& pixel : picture.pixels) {
    pixel = {std::clamp(pixel.r, 0.0F, 255.0F), std::clamp(pixel.g, 0.0F, 255.0F), std::clamp(pixel.b, 0.0F, 255.0F)};
  }
}

}  // namespace

RgbImage weathered(Picture picture, const Canvas& canvas, Random& random) {
  light(picture, canvas, random);
  if (random.chance(0.25F)) {
    blur(picture, random.range(0.4F, 1.0F));
  }
  if (random.chance(0.75F)) {
    const float sigma = random.uniform();
    add_sensor_noise(picture, 10 * sigma * std::sqrt(sigma), random);
  }
  keep_in_range(picture);
  if (random.chance(0.5F)) {
    add_jpeg_artefacts(picture, random.range(40, 90));
    keep_in_range(picture);
  }
  RgbImage image = {picture.width, picture.height, std::vector<std::uint8_t>(picture.pixels.size() * 3)};
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    const Rgb& pixel = picture.pixels[i];
    image.pixels[3 * i] = static_cast<std::uint8_t>(pixel.r + 0.5F);
    image.pixels[3 * i + 1] = static_cast<std::uint8_t>(pixel.g + 0.5F);
    image.pixels[3 * i + 2] = static_cast<std::uint8_t>(pixel.b + 0.5F);
  }
  return image;
}

}  // namespace samcache::scenes

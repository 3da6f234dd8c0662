// The tiny model and a picture for it, for the tests of engine/.
#pragma once

#include <cmath>
#include <stdexcept>

#include "engine/engine.h"

namespace samcache {

inline std::unique_ptr<Engine> load_tiny(std::optional<Precision> precision, const std::string& model = "tiny_hf") {
  EngineOptions options;
  options.model = std::string(SAMCACHE_TEST_DATA) + "/" + model;
  options.precision = precision;
  Result<std::unique_ptr<Engine>> engine = Engine::load(options);
  if (!engine) throw std::runtime_error(engine.error().message);
  return std::move(*engine);
}

// Something with edges and gradients.
inline RgbImage test_picture(int width, int height) {
  RgbImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = std::hypot(x - width / 3, y - height / 2) < height / 4.0;
      image.pixels.push_back(static_cast<std::uint8_t>(inside ? 220 : x * 255 / width));
      image.pixels.push_back(static_cast<std::uint8_t>(inside ? 40 : y * 255 / height));
      image.pixels.push_back(static_cast<std::uint8_t>((x * 7 + y * 13) % 256));
    }
  }
  return image;
}

inline ImageIdentity identity() { return {std::string(64, 'a'), "c0ffee00-0000-8000-8000-000000000000"}; }

}  // namespace samcache

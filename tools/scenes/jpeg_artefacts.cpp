#include "scenes/jpeg_artefacts.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "scenes/geometry.h"

namespace samcache::scenes {
namespace {

constexpr int kBlock = 8;
using Block = std::array<float, kBlock * kBlock>;

// Tables K.1 and K.2 of the JPEG standard.
constexpr Block kLumaSteps = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                              14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                              18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                              49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr Block kChromaSteps = {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
                                99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                                99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

struct Plane {
  int width = 0;
  int height = 0;
  std::vector<float> values;
};

// Row k holds the k-th cosine.
Block cosines() {
  Block block{};
  for (int k = 0; k < kBlock; ++k) {
    for (int n = 0; n < kBlock; ++n) {
      const float scale = k == 0 ? std::sqrt(1.0F / kBlock) : std::sqrt(2.0F / kBlock);
      block[k * kBlock + n] = scale * std::cos(kPi * (static_cast<float>(n) + 0.5F) * static_cast<float>(k) / kBlock);
    }
  }
  return block;
}

Block transposed(const Block& in) {
  Block out;
  for (int i = 0; i < kBlock; ++i) {
    for (int j = 0; j < kBlock; ++j) {
      out[j * kBlock + i] = in[i * kBlock + j];
    }
  }
  return out;
}

Block product(const Block& a, const Block& b) {
  Block out{};
  for (int i = 0; i < kBlock; ++i) {
    for (int k = 0; k < kBlock; ++k) {
      const float factor = a[i * kBlock + k];
      for (int j = 0; j < kBlock; ++j) {
        out[i * kBlock + j] += factor * b[k * kBlock + j];
      }
    }
  }
  return out;
}

Block scaled_steps(const Block& steps, float quality) {
  const float scale = quality < 50 ? 50 / quality : 2 - quality / 50;
  Block result;
  std::transform(steps.begin(), steps.end(), result.begin(),
                 [&](float step) { return std::max(1.0F, std::floor(step * scale + 0.5F)); });
  return result;
}

void quantise(Plane& plane, const Block& steps) {
  const Block forward = cosines();
  const Block backward = transposed(forward);
  for (int y0 = 0; y0 < plane.height; y0 += kBlock) {
    for (int x0 = 0; x0 < plane.width; x0 += kBlock) {
      Block block;
      for (int y = 0; y < kBlock; ++y) {  // the last block of a row is filled up with the edge
        const float* row =
            plane.values.data() + static_cast<std::size_t>(std::min(y0 + y, plane.height - 1)) * plane.width;
        for (int x = 0; x < kBlock; ++x) {
          block[y * kBlock + x] = row[std::min(x0 + x, plane.width - 1)];
        }
      }
      Block waves = product(product(forward, block), backward);
      for (int i = 0; i < kBlock * kBlock; ++i) {
        // A conversion rounds towards 0; the shift makes it round to nearest without a call into the library.
        const float level = waves[i] / steps[i];
        waves[i] = static_cast<float>(static_cast<int>(level + 32768.5F) - 32768) * steps[i];
      }
      block = product(product(backward, waves), forward);
      for (int y = 0; y < std::min(kBlock, plane.height - y0); ++y) {
        std::copy_n(block.data() + y * kBlock, std::min(kBlock, plane.width - x0),
                    plane.values.data() + static_cast<std::size_t>(y0 + y) * plane.width + x0);
      }
    }
  }
}

Plane halved(const Plane& plane) {
  Plane half = {(plane.width + 1) / 2, (plane.height + 1) / 2, {}};
  half.values.reserve(static_cast<std::size_t>(half.width) * half.height);
  for (int y = 0; y < half.height; ++y) {
    const float* upper = plane.values.data() + static_cast<std::size_t>(2 * y) * plane.width;
    const float* lower =
        plane.values.data() + static_cast<std::size_t>(std::min(2 * y + 1, plane.height - 1)) * plane.width;
    for (int x = 0; x < half.width; ++x) {
      const int left = 2 * x;
      const int right = std::min(2 * x + 1, plane.width - 1);
      half.values.push_back((upper[left] + upper[right] + lower[left] + lower[right]) / 4);
    }
  }
  return half;
}

}  // namespace

void add_jpeg_artefacts(Picture& picture, float quality) {
  const std::size_t count = picture.pixels.size();
  Plane luma = {picture.width, picture.height, std::vector<float>(count)};
  Plane blue = luma;
  Plane red = luma;
  for (std::size_t i = 0; i < count; ++i) {
    const Rgb& p = picture.pixels[i];
    const float y = lightness(p);
    luma.values[i] = y - 128;
    blue.values[i] = (p.b - y) * 0.564F;
    red.values[i] = (p.r - y) * 0.713F;
  }
  blue = halved(blue);
  red = halved(red);
  quantise(luma, scaled_steps(kLumaSteps, quality));
  const Block chroma_steps = scaled_steps(kChromaSteps, quality);
  quantise(blue, chroma_steps);
  quantise(red, chroma_steps);
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const float l = luma.values[static_cast<std::size_t>(y) * picture.width + x] + 128;
      const std::size_t half = static_cast<std::size_t>(y / 2) * blue.width + x / 2;
      const float cb = blue.values[half];
      const float cr = red.values[half];
      picture.at(x, y) = {l + 1.402F * cr, l - 0.344F * cb - 0.714F * cr, l + 1.773F * cb};
    }
  }
}

}  // namespace samcache::scenes

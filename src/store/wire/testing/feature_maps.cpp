#include "store/wire/testing/feature_maps.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <string_view>

namespace samcache {
namespace {

constexpr std::size_t kHeaderBytes = 4096;

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

std::uint16_t bf16_of(float value) { return static_cast<std::uint16_t>((bits_of(value) + 0x8000) >> 16); }

// Good for ordinary values: those too small become zero, those too large infinite.
std::uint16_t fp16_of(float value) {
  const std::uint32_t sign = (bits_of(value) >> 16) & 0x8000;
  const float magnitude = std::fabs(value);
  if (magnitude < 0x1p-14F) return static_cast<std::uint16_t>(sign);
  if (magnitude >= 65504) return static_cast<std::uint16_t>(sign | 0x7c00);
  return static_cast<std::uint16_t>(sign | ((bits_of(magnitude) + 0x1000 - (112U << 23)) >> 13));
}

}  // namespace

std::vector<float> gaussian_map(MapShape shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> scale_log2(-2, 2);
  std::vector<float> values;
  values.reserve(shape.values());
  for (std::size_t channel = 0; channel < shape.channels; ++channel) {
    const float scale = std::exp2(scale_log2(random));
    for (std::size_t i = 0; i < shape.side * shape.side; ++i) values.push_back(scale * normal(random));
  }
  return values;
}

std::vector<float> smooth_map(MapShape shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<float> values;
  values.reserve(shape.values());
  const float step = 6.2831853F / static_cast<float>(shape.side);
  for (std::size_t channel = 0; channel < shape.channels; ++channel) {
    const float offset = 0.5F * normal(random);
    const float x_periods = 4 * uniform(random), y_periods = 4 * uniform(random), phase = 6.3F * uniform(random);
    for (std::size_t y = 0; y < shape.side; ++y) {
      const float row = std::sin(step * y_periods * static_cast<float>(y));
      for (std::size_t x = 0; x < shape.side; ++x) {
        const float column = std::sin(step * x_periods * static_cast<float>(x) + phase);
        values.push_back(offset + row + column + 0.05F * normal(random));
      }
    }
  }
  return values;
}

SharedBytes encoding_of(const std::vector<float>& values, WordKind kind, std::size_t odd_bytes) {
  const std::size_t word_bytes = kind == WordKind::kFp32 ? 4 : 2;
  AlignedBuffer file(kHeaderBytes + values.size() * word_bytes + odd_bytes);
  std::memset(file.data(), ' ', kHeaderBytes);
  const std::uint64_t header_length = kHeaderBytes - sizeof(header_length);
  std::memcpy(file.data(), &header_length, sizeof(header_length));
  constexpr std::string_view kJson = R"({"trunk":{"dtype":"BF16","shape":[1,1024,72,72],"data_offsets":[0,10616832]}})";
  std::memcpy(file.data() + sizeof(header_length), kJson.data(), kJson.size());
  std::byte* to = file.data() + kHeaderBytes;
  for (const float value : values) {
    const std::uint32_t word =
        kind == WordKind::kFp32 ? bits_of(value) : (kind == WordKind::kBf16 ? bf16_of(value) : fp16_of(value));
    std::memcpy(to, &word, word_bytes);
    to += word_bytes;
  }
  std::memset(to, 0x5a, odd_bytes);
  return std::move(file).share();
}

}  // namespace samcache

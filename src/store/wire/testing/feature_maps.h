// Synthetic feature maps in the layout of an encoding's file, for tests and measurements of the codec.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace samcache {

enum class WordKind { kBf16, kFp16, kFp32 };

struct MapShape {
  std::size_t channels = 1024;
  std::size_t side = 72;
  std::size_t values() const { return channels * side * side; }
};

// N(0, 1), each channel with a scale of its own between 1/4 and 4.
std::vector<float> gaussian_map(MapShape shape, std::uint64_t seed);
// Each channel a sum of waves a few periods wide, an offset and a little noise.
std::vector<float> smooth_map(MapShape shape, std::uint64_t seed);

// 4096 bytes of header (a length, JSON, blanks), then the values as little-endian words; `odd_bytes` more at the end.
SharedBytes encoding_of(const std::vector<float>& values, WordKind kind, std::size_t odd_bytes = 0);

}  // namespace samcache

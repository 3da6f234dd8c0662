// The random numbers of a scene: written out here because the standard distributions differ between libraries.
#pragma once

#include <cstdint>

namespace samcache::scenes {

// splitmix64. Call it at most once in an expression or an argument list: their order of evaluation is not fixed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  float uniform() { return static_cast<float>(bits() >> 40) * 0x1p-24F; }  // in [0, 1)
  float range(float low, float high) { return low + (high - low) * uniform(); }
  int pick(int count) { return static_cast<int>((bits() >> 32) * static_cast<std::uint64_t>(count) >> 32); }
  bool chance(float probability) { return uniform() < probability; }
  float sign() { return (bits() >> 63) != 0 ? 1.0F : -1.0F; }

  // Mean 0, variance 1, within +-3.5: the sum of four uniform ones, which costs a tenth of Box and Muller.
  float normal() {
    const std::uint64_t b = bits();
    const auto sum = static_cast<float>((b & 0xFFFF) + (b >> 16 & 0xFFFF) + (b >> 32 & 0xFFFF) + (b >> 48));
    return (sum * 0x1p-16F - 2.0F) * 1.7320508F;
  }

  // A source of its own, so that how much one part of a scene draws does not change the parts after it.
  Random fork() { return Random(bits()); }

 private:
  std::uint64_t state_;
};

}  // namespace samcache::scenes

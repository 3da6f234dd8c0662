#include "tensors/cast_kernels.h"

#include <bit>

namespace samcache {
namespace {

constexpr std::uint32_t kSignMask = 0x80000000;
constexpr std::uint32_t kF32Infinity = 0x7f800000;

std::uint16_t bf16_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  // Half of the last kept place, less one unless the kept part is odd: ties go to even, carries run into the exponent.
  const std::uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const std::uint32_t quiet_nan = (bits >> 16) | 0x40;
  return static_cast<std::uint16_t>((bits & ~kSignMask) > kF32Infinity ? quiet_nan : rounded);
}

// `magnitude`: the bits of a positive float32 below 2^-14, the smallest normal float16.
std::uint32_t f16_subnormal_of(std::uint32_t magnitude) {
  const std::uint32_t exponent = magnitude >> 23;
  if (exponent < 102) return 0;  // below half of the smallest subnormal
  const std::uint32_t mantissa = (magnitude & 0x7fffff) | 0x800000;
  const std::uint32_t shift = 126 - exponent;  // 14..24
  const std::uint32_t kept = mantissa >> shift;
  const std::uint32_t rest = mantissa & ((1U << shift) - 1);
  const std::uint32_t half = 1U << (shift - 1);
  return kept + (rest > half || (rest == half && (kept & 1) != 0) ? 1 : 0);
}

std::uint16_t f16_of(float value) {
  constexpr std::uint32_t kFirstInfinite = 0x477ff000;   // 65520: halfway between the largest float16 and 2^16
  constexpr std::uint32_t kSmallestNormal = 0x38800000;  // 2^-14
  constexpr std::uint32_t kRebias = (127 - 15) << 23;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits & kSignMask) >> 16;
  const std::uint32_t magnitude = bits & ~kSignMask;

  std::uint32_t half;
  if (magnitude > kF32Infinity) {
    half = 0x7e00 | ((magnitude >> 13) & 0x3ff);
  } else if (magnitude >= kFirstInfinite) {
    half = 0x7c00;
  } else if (magnitude >= kSmallestNormal) {
    const std::uint32_t rebiased = magnitude - kRebias;
    half = (rebiased + 0xfff + ((rebiased >> 13) & 1)) >> 13;
  } else {
    half = f16_subnormal_of(magnitude);
  }
  return static_cast<std::uint16_t>(sign | half);
}

float f32_of_f16(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1f;
  const std::uint32_t mantissa = half & 0x3ff;
  if (exponent == 0) {
    // mantissa * 2^-24, exact in float32.
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  if (exponent == 0x1f) {
    const std::uint32_t quiet = mantissa != 0 ? 0x400000 : 0;
    return std::bit_cast<float>(sign | kF32Infinity | quiet | (mantissa << 13));
  }
  return std::bit_cast<float>(sign | ((exponent + 127 - 15) << 23) | (mantissa << 13));
}

}  // namespace

const CastKernels& portable_cast_kernels() {
  static constexpr CastKernels kKernels{
      .f32_to_bf16 =
          [](const float* from, std::uint16_t* to, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) to[i] = bf16_of(from[i]);
          },
      .bf16_to_f32 =
          [](const std::uint16_t* from, float* to, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) to[i] = std::bit_cast<float>(std::uint32_t{from[i]} << 16);
          },
      .f32_to_f16 =
          [](const float* from, std::uint16_t* to, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) to[i] = f16_of(from[i]);
          },
      .f16_to_f32 =
          [](const std::uint16_t* from, float* to, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) to[i] = f32_of_f16(from[i]);
          },
  };
  return kKernels;
}

}  // namespace samcache

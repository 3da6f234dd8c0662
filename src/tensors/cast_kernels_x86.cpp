// AVX2 and F16C. Functions carry their instruction set as an attribute, so that the file is compiled for any x86-64 and
// nothing outside them uses instructions the CPU may lack. The conversion of VCVTNEPS2BF16 is not used: it flushes
// subnormals.
#include <immintrin.h>

#include "tensors/cast_kernels.h"

namespace samcache {
namespace {

constexpr std::size_t kLane = 8;    // float32 in an AVX register
constexpr std::size_t kBlock = 16;  // elements a loop turn

__attribute__((target("avx2"))) inline __m256i bf16_in_low_half(__m256i bits) {
  const __m256i high = _mm256_srli_epi32(bits, 16);
  const __m256i bias = _mm256_add_epi32(_mm256_and_si256(high, _mm256_set1_epi32(1)), _mm256_set1_epi32(0x7fff));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, bias), 16);
  const __m256i quiet_nan = _mm256_or_si256(high, _mm256_set1_epi32(0x40));
  const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
  const __m256i is_nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7f800000));
  return _mm256_blendv_epi8(rounded, quiet_nan, is_nan);
}

__attribute__((target("avx2"))) void f32_to_bf16_avx2(const float* from, std::uint16_t* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    const __m256i low = bf16_in_low_half(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
    const __m256i high = bf16_in_low_half(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i + kLane)));
    // packus works within 128-bit halves; the permutation puts the quarters in order.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xD8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), packed);
  }
  portable_cast_kernels().f32_to_bf16(from + i, to + i, count - i);
}

__attribute__((target("avx2"))) void bf16_to_f32_avx2(const std::uint16_t* from, float* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLane <= count; i += kLane) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
    const __m256i bits = _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), bits);
  }
  portable_cast_kernels().bf16_to_f32(from + i, to + i, count - i);
}

__attribute__((target("avx2,f16c"))) void f32_to_f16_avx2(const float* from, std::uint16_t* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLane <= count; i += kLane) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), halves);
  }
  portable_cast_kernels().f32_to_f16(from + i, to + i, count - i);
}

__attribute__((target("avx2,f16c"))) void f16_to_f32_avx2(const std::uint16_t* from, float* to, std::size_t count) {
  std::size_t i = 0;
  for (; i + kLane <= count; i += kLane) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(halves));
  }
  portable_cast_kernels().f16_to_f32(from + i, to + i, count - i);
}

}  // namespace

const CastKernels* native_cast_kernels() {
  static constexpr CastKernels kKernels{f32_to_bf16_avx2, bf16_to_f32_avx2, f32_to_f16_avx2, f16_to_f32_avx2};
  // __builtin_cpu_supports knows no "f16c" in every compiler; each CPU with AVX2 has it (Haswell, Excavator, later).
  return __builtin_cpu_supports("avx2") ? &kKernels : nullptr;
}

}  // namespace samcache

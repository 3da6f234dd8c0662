// Element-wise work in bf16 and normalisation over groups of channels: AVX-512 BF16; compiled for that instruction set.
#include <immintrin.h>

#include <cstring>

#include "engine/cpu_kernels.h"
#include "engine/simd_avx512.h"

namespace samcache::cpu {
namespace {

using simd::exp2_nonpositive;
using simd::kLanes;
using simd::kLog2E;
using simd::load_bf16;
using simd::store_bf16;

// x <- f(x), sixteen at a time; the rest as a register filled up with zeros.
template <class Function>
void map_in_place(Bf16* x, std::size_t size, const Function& f) {
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) store_bf16(x + i, f(load_bf16(x + i)));
  if (i < size) {
    Bf16 rest[kLanes] = {};
    std::memcpy(rest, x + i, (size - i) * sizeof(Bf16));
    store_bf16(rest, f(load_bf16(rest)));
    std::memcpy(x + i, rest, (size - i) * sizeof(Bf16));
  }
}

}  // namespace

bool has_kernels() {
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

void gelu_bf16(Bf16* x, std::size_t size) {
  const auto gelu = [](__m512 v) {
    const __m512 z = _mm512_mul_ps(_mm512_abs_ps(v), _mm512_set1_ps(0.70710678118654752f));
    const __m512 t =
        _mm512_div_ps(_mm512_set1_ps(1.0f), _mm512_fmadd_ps(_mm512_set1_ps(0.3275911f), z, _mm512_set1_ps(1.0f)));
    __m512 p = _mm512_set1_ps(1.061405429f);
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-1.453152027f));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.421413741f));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-0.284496736f));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.254829592f));
    const __m512 e = exp2_nonpositive(_mm512_mul_ps(_mm512_mul_ps(z, z), _mm512_set1_ps(-kLog2E)));
    const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(p, t), e);  // 1 - erf(z)
    const __m512 below = _mm512_mul_ps(_mm512_set1_ps(0.5f), tail);
    const __mmask16 positive = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GE_OQ);
    const __m512 share = _mm512_mask_sub_ps(below, positive, _mm512_set1_ps(1.0f), below);
    return _mm512_mul_ps(v, share);
  };
  map_in_place(x, size, gelu);
}

void relu_bf16(Bf16* x, std::size_t size) {
  map_in_place(x, size, [](__m512 v) { return _mm512_max_ps(v, _mm512_setzero_ps()); });
}

void add_bf16(const float* a, const Bf16* b, float* out, std::size_t size) {
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    _mm512_storeu_ps(out + i, _mm512_add_ps(_mm512_loadu_ps(a + i), load_bf16(b + i)));
  }
  for (; i < size; ++i) {
    const std::uint32_t wide = static_cast<std::uint32_t>(b[i]) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    out[i] = a[i] + value;
  }
}

void add_channel_sums(const Bf16* x, std::size_t pixels, int channels, float* sums, float* squares) {
  for (int c = 0; c < channels; c += kLanes) {
    __m512 sum = _mm512_loadu_ps(sums + c);
    __m512 square = _mm512_loadu_ps(squares + c);
    for (std::size_t p = 0; p < pixels; ++p) {
      const __m512 v = load_bf16(x + p * static_cast<std::size_t>(channels) + c);
      sum = _mm512_add_ps(sum, v);
      square = _mm512_fmadd_ps(v, v, square);
    }
    _mm512_storeu_ps(sums + c, sum);
    _mm512_storeu_ps(squares + c, square);
  }
}

void scale_channels(const Bf16* x, std::size_t pixels, int channels, const float* scale, const float* shift, bool relu,
                    Bf16* out) {
  const __m512 floor = _mm512_set1_ps(relu ? 0.0f : -__builtin_inff());
  for (std::size_t p = 0; p < pixels; ++p) {
    const std::size_t at = p * static_cast<std::size_t>(channels);
    for (int c = 0; c < channels; c += kLanes) {
      const __m512 v = _mm512_fmadd_ps(load_bf16(x + at + c), _mm512_loadu_ps(scale + c), _mm512_loadu_ps(shift + c));
      store_bf16(out + at + c, _mm512_max_ps(v, floor));
    }
  }
}

}  // namespace samcache::cpu

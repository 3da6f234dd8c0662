// A two-layer perceptron with few inputs and outputs: AVX-512; compiled for that instruction set.
//
// A row's hidden layer lies across the lanes and never leaves the registers: as matrix products the two layers would be
// one of depth 2 and one of width 8, which spend their time moving the hidden layer through memory.
#include <immintrin.h>

#include "engine/cpu_kernels.h"
#include "engine/simd_avx512.h"

namespace samcache::cpu {
namespace {

using simd::kLanes;

template <int Outputs>
void run_rows(const SmallMlp& mlp, const float* x, std::size_t rows, float* out) {
  for (std::size_t row = 0; row < rows; ++row) {
    const float* inputs = x + row * static_cast<std::size_t>(mlp.inputs);
    __m512 sums[Outputs];
#pragma GCC unroll 8
    for (int o = 0; o < Outputs; ++o) sums[o] = _mm512_setzero_ps();
    for (int h = 0; h < mlp.hidden; h += kLanes) {
      __m512 hidden = _mm512_loadu_ps(mlp.bias1 + h);
      for (int i = 0; i < mlp.inputs; ++i) {
        hidden = _mm512_fmadd_ps(_mm512_set1_ps(inputs[i]), _mm512_loadu_ps(mlp.weight1 + i * mlp.hidden + h), hidden);
      }
      hidden = _mm512_max_ps(hidden, _mm512_setzero_ps());
#pragma GCC unroll 8
      for (int o = 0; o < Outputs; ++o) {
        sums[o] = _mm512_fmadd_ps(hidden, _mm512_loadu_ps(mlp.weight2 + o * mlp.hidden + h), sums[o]);
      }
    }
#pragma GCC unroll 8
    for (int o = 0; o < Outputs; ++o) out[row * Outputs + o] = _mm512_reduce_add_ps(sums[o]) + mlp.bias2[o];
  }
}

}  // namespace

bool small_mlp_supports(int inputs, int hidden, int outputs) {
  return inputs <= 4 && hidden % kLanes == 0 && (outputs == 4 || outputs == 8);
}

void run_small_mlp(const SmallMlp& mlp, const float* x, std::size_t rows, float* out) {
  if (mlp.outputs == 4) return run_rows<4>(mlp, x, rows, out);
  run_rows<8>(mlp, x, rows, out);
}

}  // namespace samcache::cpu

// Float32 attention between many tokens and a few: AVX-512; compiled for that instruction set.
//
// The few tokens lie across the lanes of a register, so that products, softmax and sums never cross lanes: a number of
// the many side is broadcast, the few side is transposed once.
#include <immintrin.h>

#include <cmath>

#include "engine/cpu_kernels.h"
#include "engine/simd_avx512.h"

namespace samcache::cpu {
namespace {

using simd::exp2_nonpositive;
using simd::kLanes;
using simd::kLog2E;

constexpr int kMaxThinHeadDim = 32;

int groups_of(int tokens) { return (tokens + kLanes - 1) / kLanes; }

// few[d][token] <- x[token][d] * scale, tokens padded with zeros to whole registers.
void transpose_few(const float* x, std::size_t stride, int tokens, int head_dim, float scale,
                   float (*few)[kMaxThinTokens]) {
  const int padded = groups_of(tokens) * kLanes;
  for (int d = 0; d < head_dim; ++d) {
    for (int t = 0; t < padded; ++t)
      few[d][t] = t < tokens ? x[static_cast<std::size_t>(t) * stride + d] * scale : 0.0f;
  }
}

// Sum over d of token[d] * few[d], for one group of the few tokens.
__m512 dot(const float* token, const float (*few)[kMaxThinTokens], int group, int head_dim) {
  __m512 sum = _mm512_setzero_ps();
  for (int d = 0; d < head_dim; ++d) {
    sum = _mm512_fmadd_ps(_mm512_set1_ps(token[d]), _mm512_load_ps(&few[d][group * kLanes]), sum);
  }
  return sum;
}

}  // namespace

bool thin_attention_supports(int head_dim) { return head_dim <= kMaxThinHeadDim; }

void attend_few_keys(const ThinHead& head) {
  alignas(64) float keys[kMaxThinHeadDim][kMaxThinTokens];
  alignas(64) float weights[kMaxThinTokens];
  alignas(64) float sums[kMaxThinHeadDim];
  transpose_few(head.k, head.k_stride, head.keys, head.head_dim, kLog2E / std::sqrt(static_cast<float>(head.head_dim)),
                keys);
  const int groups = groups_of(head.keys);
  const __m512 nothing = _mm512_set1_ps(-INFINITY);
  alignas(64) float bias[kMaxThinTokens];  // -infinity where there is no key
  for (int k = 0; k < groups * kLanes; ++k) {
    bias[k] = k >= head.keys ? -INFINITY : head.key_bias == nullptr ? 0.0f : head.key_bias[k] * kLog2E;
  }
  for (int q = 0; q < head.queries; ++q) {
    const float* query = head.q + static_cast<std::size_t>(q) * head.q_stride;
    __m512 logits[kMaxThinTokens / kLanes];
    __m512 largest = nothing;
    for (int g = 0; g < groups; ++g) {
      logits[g] = _mm512_add_ps(dot(query, keys, g, head.head_dim), _mm512_load_ps(bias + g * kLanes));
      largest = _mm512_max_ps(largest, logits[g]);
    }
    const __m512 max = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
    __m512 total = _mm512_setzero_ps();
    for (int g = 0; g < groups; ++g) {
      const __m512 weight = exp2_nonpositive(_mm512_sub_ps(logits[g], max));
      _mm512_store_ps(weights + g * kLanes, weight);
      // A hidden key has weight 2^-126: nothing beside the largest, which is 1.
      total = _mm512_add_ps(total, weight);
    }
    for (float& sum : sums) sum = 0.0f;
    for (int k = 0; k < head.keys; ++k) {
      const float* value = head.v + static_cast<std::size_t>(k) * head.v_stride;
      for (int d = 0; d < head.head_dim; ++d) sums[d] += weights[k] * value[d];
    }
    const float inverse = 1.0f / _mm512_reduce_add_ps(total);
    float* out = head.out + static_cast<std::size_t>(q) * head.out_stride;
    for (int d = 0; d < head.head_dim; ++d) out[d] = sums[d] * inverse;
  }
}

void attend_few_queries(const ThinHead& head, float* scratch) {
  alignas(64) float queries[kMaxThinHeadDim][kMaxThinTokens];
  alignas(64) float out[kMaxThinHeadDim][kLanes];
  transpose_few(head.q, head.q_stride, head.queries, head.head_dim,
                kLog2E / std::sqrt(static_cast<float>(head.head_dim)), queries);
  for (int g = 0; g < groups_of(head.queries); ++g) {
    __m512 max = _mm512_set1_ps(-INFINITY);
    for (int k = 0; k < head.keys; ++k) {
      const __m512 logit = dot(head.k + static_cast<std::size_t>(k) * head.k_stride, queries, g, head.head_dim);
      _mm512_storeu_ps(scratch + static_cast<std::size_t>(k) * kLanes, logit);
      max = _mm512_max_ps(max, logit);
    }
    __m512 total = _mm512_setzero_ps();
    for (int d = 0; d < head.head_dim; ++d) _mm512_store_ps(out[d], _mm512_setzero_ps());
    for (int k = 0; k < head.keys; ++k) {
      const __m512 logit = _mm512_loadu_ps(scratch + static_cast<std::size_t>(k) * kLanes);
      const __m512 weight = exp2_nonpositive(_mm512_sub_ps(logit, max));
      total = _mm512_add_ps(total, weight);
      const float* value = head.v + static_cast<std::size_t>(k) * head.v_stride;
      for (int d = 0; d < head.head_dim; ++d) {
        _mm512_store_ps(out[d], _mm512_fmadd_ps(weight, _mm512_set1_ps(value[d]), _mm512_load_ps(out[d])));
      }
    }
    alignas(64) float totals[kLanes];
    _mm512_store_ps(totals, total);
    for (int q = g * kLanes; q < head.queries && q < (g + 1) * kLanes; ++q) {
      float* to = head.out + static_cast<std::size_t>(q) * head.out_stride;
      for (int d = 0; d < head.head_dim; ++d) to[d] = out[d][q - g * kLanes] / totals[q - g * kLanes];
    }
  }
}

}  // namespace samcache::cpu

// Attention in bf16: AVX-512 BF16; compiled for that instruction set.
//
// It keeps a block of queries against all keys: its logits (24 x 5184 floats for a global block) fit the L2
// cache, so the softmax is the plain one and nothing of size N x N ever exists. vdpbf16ps multiplies pairs of
// neighbouring inner elements, so both products read an operand with pairs interleaved ("packed") and broadcast the
// pairs of the other.
#include <immintrin.h>

#include <cmath>
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

constexpr int kTileKeys = 64;  // keys of one tile of logits: four registers
constexpr int kTileRows = 6;   // queries of one tile: 6 x 4 accumulators
constexpr int kMaxHeadDim = 64;

static_assert(kQueryBlock % kTileRows == 0);

int padded_keys(int keys) { return (keys + kTileKeys - 1) / kTileKeys * kTileKeys; }

__m512i widen_u16(__m512 x) {  // x rounded to bf16, one in the low half of each lane
  return _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}

// x[0, size) * scale
void scale_token(const Bf16* x, int size, float scale, Bf16* out) {
  for (int d = 0; d < size; d += kLanes) store_bf16(out + d, _mm512_mul_ps(load_bf16(x + d), _mm512_set1_ps(scale)));
}

// head_dim numbers of one token, turned by its angles and scaled. A lane holds one pair: re in its low half.
void rotate_token(const AttentionHead& head, const Bf16* x, int token, float scale, Bf16* out) {
  const int pairs = head.head_dim / 2;
  const float* cosines = head.cos + static_cast<std::size_t>(token) * pairs;
  const float* sines = head.sin + static_cast<std::size_t>(token) * pairs;
  const __m512 factor = _mm512_set1_ps(scale);
  for (int j = 0; j < pairs; j += kLanes) {
    const __mmask16 lanes = pairs - j >= kLanes ? 0xffff : static_cast<__mmask16>((1u << (pairs - j)) - 1);
    const __m512i both = _mm512_maskz_loadu_epi32(lanes, x + 2 * j);
    const __m512 re = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
    const __m512 im = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
    const __m512 cos = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, cosines + j), factor);
    const __m512 sin = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, sines + j), factor);
    const __m512 turned_re = _mm512_fmsub_ps(re, cos, _mm512_mul_ps(im, sin));
    const __m512 turned_im = _mm512_fmadd_ps(re, sin, _mm512_mul_ps(im, cos));
    const __m512i turned = _mm512_or_si512(widen_u16(turned_re), _mm512_slli_epi32(widen_u16(turned_im), 16));
    _mm512_mask_storeu_epi32(out + 2 * j, lanes, turned);
  }
}

__m512bh broadcast_pair(const Bf16* p) {
  std::uint32_t pair;
  std::memcpy(&pair, p, sizeof pair);
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(pair)));
}

__m512bh load_pairs(const Bf16* p) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(p)); }

// Columns * 16 sums for each of kTileRows rows: rows (row r at a + r * a_stride) times a packed operand whose line of
// pairs j starts at b + j * b_stride.
template <int Columns>
void multiply_tile(const Bf16* a, std::size_t a_stride, const Bf16* b, std::size_t b_stride, int pairs, float* out,
                   std::size_t out_stride) {
  // The loops over r and c must be unrolled for the sums to live in registers.
  __m512 sum[kTileRows][Columns];
#pragma GCC unroll 6
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < Columns; ++c) sum[r][c] = _mm512_setzero_ps();
  }
  for (int j = 0; j < pairs; ++j) {
    __m512bh line[Columns];
#pragma GCC unroll 4
    for (int c = 0; c < Columns; ++c) line[c] = load_pairs(b + j * b_stride + c * 2 * kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < kTileRows; ++r) {
      const __m512bh pair = broadcast_pair(a + r * a_stride + 2 * j);
#pragma GCC unroll 4
      for (int c = 0; c < Columns; ++c) sum[r][c] = _mm512_dpbf16_ps(sum[r][c], pair, line[c]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < Columns; ++c) _mm512_storeu_ps(out + r * out_stride + c * kLanes, sum[r][c]);
  }
}

// logits <- 2^(logits - max) as bf16, in the same place (narrow over wide, left to right); returns the sum of what was
// written. What is past the keys, or has a logit of -infinity, gets the smallest weight there is, 2^-126.
float softmax_row(float* logits, int keys, int padded) {
  for (int i = keys; i < padded; ++i) logits[i] = -INFINITY;
  __m512 largest = _mm512_loadu_ps(logits);
  for (int i = kLanes; i < padded; i += kLanes) largest = _mm512_max_ps(largest, _mm512_loadu_ps(logits + i));
  const __m512 max = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
  __m512 sum = _mm512_setzero_ps();
  Bf16* out = reinterpret_cast<Bf16*>(logits);
  for (int i = 0; i < padded; i += kLanes) {
    const __m512 weight = exp2_nonpositive(_mm512_sub_ps(_mm512_loadu_ps(logits + i), max));
    const __m256i rounded = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weight));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), rounded);
    // Of the rounded weights, so that they add up to one.
    sum = _mm512_add_ps(sum, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(rounded), 16)));
  }
  return _mm512_reduce_add_ps(sum);
}

// logits[key] += the key's own bias
void add_key_bias(const AttentionHead& head, float* logits) {
  for (int k = 0; k < head.keys; ++k) logits[k] += head.key_bias[k] * kLog2E;
}

// logits[key] += the bias of its row and of its column
void add_grid_bias(const AttentionHead& head, int query, float* logits) {
  const int columns = head.grid_columns;
  const int rows = head.keys / columns;
  const float* row_bias = head.row_bias + static_cast<std::size_t>(query) * rows;
  const float* column_bias = head.column_bias + static_cast<std::size_t>(query) * columns;
  const __m512 log2_e = _mm512_set1_ps(kLog2E);  // the logits are logarithms to the base 2
  for (int row = 0; row < rows; ++row) {
    const __m512 of_row = _mm512_set1_ps(row_bias[row]);
    float* line = logits + static_cast<std::size_t>(row) * columns;
    for (int c = 0; c < columns; c += kLanes) {
      const __mmask16 lanes = columns - c >= kLanes ? 0xffff : static_cast<__mmask16>((1u << (columns - c)) - 1);
      const __m512 bias = _mm512_add_ps(of_row, _mm512_maskz_loadu_ps(lanes, column_bias + c));
      _mm512_mask_storeu_ps(line + c, lanes, _mm512_fmadd_ps(bias, log2_e, _mm512_maskz_loadu_ps(lanes, line + c)));
    }
  }
}

template <int Columns>
void attend(const AttentionHead& head, const Bf16* packed_keys, const Bf16* packed_values, int first, float* logits) {
  const int rows = head.queries - first < kQueryBlock ? head.queries - first : kQueryBlock;
  const int padded = padded_keys(head.keys);
  const int dim = head.head_dim;
  alignas(64) Bf16 queries[kQueryBlock * kMaxHeadDim] = {};
  const float scale = kLog2E / std::sqrt(static_cast<float>(dim));
  for (int r = 0; r < rows; ++r) {
    const Bf16* query = head.q + static_cast<std::size_t>(first + r) * head.q_stride;
    if (head.cos != nullptr) {
      rotate_token(head, query, first + r, scale, queries + r * dim);
    } else {
      scale_token(query, dim, scale, queries + r * dim);
    }
  }
  for (int key = 0; key < padded; key += kTileKeys) {
    const Bf16* tile = packed_keys + static_cast<std::size_t>(key) * dim;
    for (int r = 0; r < rows; r += kTileRows) {
      multiply_tile<kTileKeys / kLanes>(queries + r * dim, dim, tile, 2 * kTileKeys, dim / 2,
                                        logits + static_cast<std::size_t>(r) * padded + key, padded);
    }
  }
  float sums[kQueryBlock];
  for (int r = 0; r < rows; ++r) {
    float* row = logits + static_cast<std::size_t>(r) * padded;
    if (head.key_bias != nullptr) add_key_bias(head, row);
    if (head.row_bias != nullptr) add_grid_bias(head, first + r, row);
    sums[r] = softmax_row(row, head.keys, padded);
  }
  alignas(64) float out[kTileRows * kMaxHeadDim];
  for (int r = 0; r < rows; r += kTileRows) {
    const Bf16* weights = reinterpret_cast<const Bf16*>(logits + static_cast<std::size_t>(r) * padded);
    multiply_tile<Columns>(weights, 2 * static_cast<std::size_t>(padded), packed_values, 2 * dim, padded / 2, out, dim);
    for (int i = 0; i < kTileRows && r + i < rows; ++i) {
      const __m512 inverse = _mm512_set1_ps(1.0f / sums[r + i]);
      Bf16* to = head.out + static_cast<std::size_t>(first + r + i) * head.out_stride;
      for (int c = 0; c < Columns; ++c) {
        store_bf16(to + c * kLanes, _mm512_mul_ps(_mm512_load_ps(out + i * dim + c * kLanes), inverse));
      }
    }
  }
}

}  // namespace

bool attention_supports(int head_dim) { return head_dim == 16 || head_dim == 32 || head_dim == 64; }

std::size_t packed_size(int keys, int head_dim) {
  return static_cast<std::size_t>(padded_keys(keys)) * static_cast<std::size_t>(head_dim);
}

void pack_keys_values(const AttentionHead& head, Bf16* packed_keys, Bf16* packed_values) {
  const int padded = padded_keys(head.keys);
  const int dim = head.head_dim;
  // Keys: tiles of 64; in a tile, line j holds the pair (2j, 2j+1) of every key.
  for (int first = 0; first < padded; first += kTileKeys) {
    alignas(64) std::uint32_t turned[kTileKeys][kMaxHeadDim / 2] = {};  // a pair is one number here
    for (int t = first; t < first + kTileKeys && t < head.keys; ++t) {
      const Bf16* key = head.k + static_cast<std::size_t>(t) * head.k_stride;
      if (head.cos != nullptr) {
        rotate_token(head, key, t, 1.0f, reinterpret_cast<Bf16*>(turned[t - first]));
      } else {
        std::memcpy(turned[t - first], key, static_cast<std::size_t>(dim) * sizeof(Bf16));
      }
    }
    auto* lines = reinterpret_cast<std::uint32_t*>(packed_keys + static_cast<std::size_t>(first) * dim);
    for (int j = 0; j < dim / 2; ++j) {
      for (int t = 0; t < kTileKeys; ++t) lines[j * kTileKeys + t] = turned[t][j];
    }
  }
  // Values: line t / 2 holds the pair of tokens (t, t + 1) of every feature.
  const Bf16 zeros[kMaxHeadDim] = {};
  for (int t = 0; t < padded; t += 2) {
    const Bf16* even = t < head.keys ? head.v + static_cast<std::size_t>(t) * head.v_stride : zeros;
    const Bf16* odd = t + 1 < head.keys ? head.v + static_cast<std::size_t>(t + 1) * head.v_stride : zeros;
    Bf16* line = packed_values + static_cast<std::size_t>(t) * dim;
    for (int d = 0; d < dim; ++d) {
      line[2 * d] = even[d];
      line[2 * d + 1] = odd[d];
    }
  }
}

std::size_t attention_scratch_size(int keys) {
  return static_cast<std::size_t>(kQueryBlock) * static_cast<std::size_t>(padded_keys(keys));
}

void attend_block(const AttentionHead& head, const Bf16* packed_keys, const Bf16* packed_values, int first,
                  float* scratch) {
  switch (head.head_dim) {
    case 16: return attend<1>(head, packed_keys, packed_values, first, scratch);
    case 32: return attend<2>(head, packed_keys, packed_values, first, scratch);
    default: return attend<4>(head, packed_keys, packed_values, first, scratch);
  }
}

}  // namespace samcache::cpu

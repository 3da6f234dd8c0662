// Hand-vectorised kernels for the CPU, where libtorch's own are slow. Internal to engine/.
//
// Plain pointers, no libtorch: the files that define them (cpu_*_avx512.cpp) are compiled for AVX-512 BF16 (or, on
// other processors, say that there are none). Values of type bf16 travel as their 16 bits. Parallelism is the caller's:
// each function does one independent piece of work.
#pragma once

#include <cstddef>
#include <cstdint>

namespace samcache::cpu {

using Bf16 = std::uint16_t;

// Whether the functions below may be called on this machine.
bool has_kernels();
// Widths of heads that attend_block takes.
bool attention_supports(int head_dim);

// x <- x * 0.5 * (1 + erf(x / sqrt(2))), in place; erf to 1.5e-7 (Abramowitz and Stegun 7.1.26).
void gelu_bf16(Bf16* x, std::size_t size);

// x <- max(x, 0), in place.
void relu_bf16(Bf16* x, std::size_t size);

// out <- a + b
void add_bf16(const float* a, const Bf16* b, float* out, std::size_t size);

// Normalisation over groups of channels in two steps; x [pixels, channels], channels a multiple of 16.
// Adds each channel's sum and its sum of squares; for a few hundred pixels at a time, lest float32 sums lose digits.
void add_channel_sums(const Bf16* x, std::size_t pixels, int channels, float* sums, float* squares);
// out <- x * scale[channel] + shift[channel], and max(., 0) if `relu`. `out` may be `x`.
void scale_channels(const Bf16* x, std::size_t pixels, int channels, const float* scale, const float* shift, bool relu,
                    Bf16* out);

// max(x weight1 + bias1, 0) weight2^T + bias2
struct SmallMlp {
  const float* weight1;  // [inputs, hidden]
  const float* bias1;    // [hidden]
  const float* weight2;  // [outputs, hidden]
  const float* bias2;    // [outputs]
  int inputs;
  int hidden;
  int outputs;
};
bool small_mlp_supports(int inputs, int hidden, int outputs);
// x [rows, inputs] -> out [rows, outputs]
void run_small_mlp(const SmallMlp& mlp, const float* x, std::size_t rows, float* out);

// One head of attention in bf16: where its numbers lie. Token t of an operand starts at its pointer + t * stride.
struct AttentionHead {
  const Bf16* q;  // head_dim numbers a token; k and v likewise
  const Bf16* k;
  const Bf16* v;
  std::size_t q_stride, k_stride, v_stride;  // elements
  int queries;
  int keys;
  int head_dim;
  Bf16* out;
  std::size_t out_stride;
  // Rotary self-attention: every token's angles, [tokens, head_dim / 2] each. nullptr: none.
  const float* cos = nullptr;
  const float* sin = nullptr;
  // A bias on the logits of each key, the same for all queries. nullptr: none.
  const float* key_bias = nullptr;  // [keys]
  // A bias on the logits where the keys are a grid: that of the key's row plus that of its column. nullptr: none.
  const float* row_bias = nullptr;     // [queries, keys / grid_columns]
  const float* column_bias = nullptr;  // [queries, grid_columns]
  int grid_columns = 0;
};

// Elements of scratch for packed keys and for packed values of one head.
std::size_t packed_size(int keys, int head_dim);

// Turns the keys and lays keys and values out as the products read them.
void pack_keys_values(const AttentionHead& head, Bf16* packed_keys, Bf16* packed_values);

// Queries are worked on in blocks of this many tokens.
inline constexpr int kQueryBlock = 24;
// Elements of float scratch one block needs.
std::size_t attention_scratch_size(int keys);

// Answers the queries [first, min(first + kQueryBlock, queries)): softmax(q k^T / sqrt(head_dim) + bias) v. Products in
// bf16 with float32 sums, the softmax in float32.
void attend_block(const AttentionHead& head, const Bf16* packed_keys, const Bf16* packed_values, int first,
                  float* scratch);

// One head of float32 attention where one side has few tokens: the image and a handful of prompt tokens. Token t of
// an operand starts at its pointer + t * stride.
struct ThinHead {
  const float* q;
  const float* k;
  const float* v;
  std::size_t q_stride, k_stride, v_stride;  // elements
  int queries;
  int keys;
  int head_dim;
  float* out;
  std::size_t out_stride;
  const float* key_bias = nullptr;  // [keys], added to the logits of every query; attend_few_keys alone knows it
};

inline constexpr int kMaxThinTokens = 64;  // on the side with few
bool thin_attention_supports(int head_dim);

// Many queries, at most kMaxThinTokens keys.
void attend_few_keys(const ThinHead& head);

// At most kMaxThinTokens queries, many keys. scratch: keys * 16 floats.
void attend_few_queries(const ThinHead& head, float* scratch);

}  // namespace samcache::cpu

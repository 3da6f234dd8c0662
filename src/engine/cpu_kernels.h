// Hand-vectorised kernels for the CPU, where libtorch's own are slow. Internal to engine/.
//
// Plain pointers, no libtorch: the files that define them are compiled for AVX-512 BF16 (or, on other processors, say
// that there are none). Values of type bf16 travel as their 16 bits. Parallelism is the caller's: each function does
// one independent piece of work.
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

// One head of rotary self-attention over `tokens` tokens of a fused projection. Where its numbers lie and what is
// prepared once for all its queries.
struct RotaryHead {
  const Bf16* q;  // token t at q + t * stride: head_dim numbers; k and v likewise
  const Bf16* k;
  const Bf16* v;
  std::size_t stride;  // elements between tokens of the projection (3C)
  const float* cos;    // [tokens, head_dim / 2]
  const float* sin;
  int tokens;
  int head_dim;
  Bf16* out;               // token t at out + t * out_stride
  std::size_t out_stride;  // elements (C)
};

// Elements of scratch for packed keys and for packed values of one head.
std::size_t packed_size(int tokens, int head_dim);

// Turns the keys and lays keys and values out as the products read them.
void pack_keys_values(const RotaryHead& head, Bf16* packed_keys, Bf16* packed_values);

// Queries are worked on in blocks of this many tokens.
inline constexpr int kQueryBlock = 24;
// Elements of float scratch one block needs.
std::size_t attention_scratch_size(int tokens);

// Answers the queries [first, min(first + kQueryBlock, tokens)): softmax(q k^T / sqrt(head_dim)) v. Products in bf16
// with float32 sums, the softmax in float32.
void attend_block(const RotaryHead& head, const Bf16* packed_keys, const Bf16* packed_values, int first,
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

// Attention on tensors by this project's own kernels, spread over the threads: by heads and blocks of queries. Internal
// to engine/.
//
// q [B, Nq, C], k and v [B, Nk, C] with C = heads x head_dim -> [B, Nq, C], contiguous.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "engine/cpu_kernels.h"

namespace samcache {

// Adds what else there is to head b * heads + h: angles, biases.
using CompleteHead = std::function<void(std::int64_t index, cpu::AttentionHead& head)>;

// In bf16, whatever type the operands have. Requires cpu::attention_supports(head_dim).
at::Tensor attend_bf16(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int heads,
                       const CompleteHead& complete);

// In float32, for few tokens on one side; key_bias [B, Nk] (undefined: none) where those are the keys. Requires
// cpu::thin_attention_supports(head_dim).
at::Tensor attend_thin(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int heads,
                       const at::Tensor& key_bias);

}  // namespace samcache

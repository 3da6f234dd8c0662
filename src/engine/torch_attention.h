// softmax(q k^T / sqrt(D) + bias) v over [B, heads, N, D] tensors, by whatever this libtorch does best. Internal to
// engine/.
//
// Two files define it, one per generation of libtorch; the build picks (see CMakeLists.txt).
#pragma once

#include <ATen/ATen.h>

namespace samcache {

// q [B, H, Nq, D], k and v [B, H, Nk, D], bias undefined or broadcast to [B, H, Nq, Nk], in their type
// -> [B, H, Nq, D]
at::Tensor attend_heads(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias);

}  // namespace samcache

// For libtorch 2.0 and later: its own fused attention (flash kernels on CUDA and on the CPU).
#include "engine/torch_attention.h"

namespace samcache {

at::Tensor attend_heads(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias) {
  if (!bias.defined()) return at::scaled_dot_product_attention(q, k, v);
  return at::scaled_dot_product_attention(q, k, v, bias);
}

}  // namespace samcache

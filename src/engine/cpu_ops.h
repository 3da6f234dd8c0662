// TorchOps with this project's own kernels where they are faster, on the CPU. Internal to engine/.
#pragma once

#include "engine/torch_ops.h"

namespace samcache {

// For inference alone: its operations are not differentiable. Requires cpu::has_kernels().
class CpuOps : public TorchOps {
 public:
  CpuOps() : TorchOps(at::kCPU) {}
  Value gelu(const Value& x) override;
  Value linear(const Value& x, const Value& weight, const Value& bias, Activation activation) override;
  Value attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim,
                  const Value& bias = {}) override;
  Value rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) override;
};

}  // namespace samcache

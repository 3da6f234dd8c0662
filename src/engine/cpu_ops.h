// TorchOps with this project's own kernels where they are faster, on the CPU. Internal to engine/.
#pragma once

#include "engine/torch_ops.h"

namespace samcache {

// For inference alone: its operations are not differentiable. Requires cpu::has_kernels().
class CpuOps : public TorchOps {
 public:
  CpuOps() : TorchOps(at::kCPU) {}
  Value add(const Value& a, const Value& b) override;
  Value gelu(const Value& x) override;
  Value group_norm(const Value& x, int groups, const Value& weight, const Value& bias, float eps,
                   Activation activation) override;
  Value relu_mlp(const Value& x, const Value& weight1, const Value& bias1, const Value& weight2,
                 const Value& bias2) override;
  Value linear(const Value& x, const Value& weight, const Value& bias, Activation activation) override;
  Value attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim,
                  const Value& bias = {}) override;
  Value grid_attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim, const Value& row_bias,
                       const Value& column_bias) override;
  Value rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) override;

 private:
  Value wide_mlp(const Value& x, const Value& weight1, const Value& bias1, const Value& weight2, const Value& bias2);
};

}  // namespace samcache

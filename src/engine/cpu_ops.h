// TorchOps with this project's own kernels for bf16 on the CPU. Internal to engine/.
#pragma once

#include "engine/torch_ops.h"

namespace samcache {

// For inference alone: its operations are not differentiable. Requires cpu::has_bf16_kernels().
class CpuBf16Ops : public TorchOps {
 public:
  CpuBf16Ops() : TorchOps(at::kCPU) {}
  Value gelu(const Value& x) override;
  Value linear(const Value& x, const Value& weight, const Value& bias, Activation activation) override;
  Value rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) override;
};

}  // namespace samcache

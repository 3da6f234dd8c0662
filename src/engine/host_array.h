// Results where plain loops can walk them. Internal to engine/.
#pragma once

#include <span>

#include "engine/torch_ops.h"

namespace samcache {

// A result on the CPU in float32, and how to walk it.
class HostArray {
 public:
  explicit HostArray(const Value& value) : tensor_(TorchOps::tensor(value).to(at::kCPU, at::kFloat).contiguous()) {}
  std::span<const float> all() const { return {tensor_.data_ptr<float>(), static_cast<std::size_t>(tensor_.numel())}; }
  // Row i along the first dimension.
  std::span<const float> operator[](std::int64_t i) const {
    const auto size = static_cast<std::size_t>(tensor_.numel() / tensor_.size(0));
    return {tensor_.data_ptr<float>() + static_cast<std::size_t>(i) * size, size};
  }

 private:
  at::Tensor tensor_;
};

}  // namespace samcache

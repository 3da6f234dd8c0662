// Ops computed by libtorch, on the CPU or a CUDA device. Internal to engine/.
//
// Matrix products take the precision of their weight matrices; sums promote, LayerNorms keep their input's type.
// Every operation is differentiable. One object per call: it holds no state but its tap.
#pragma once

#include <ATen/ATen.h>

#include "model/ops.h"

namespace samcache {

class TorchOps : public Ops {
 public:
  explicit TorchOps(at::Device device) : device_(device) {}

  static Value wrap(at::Tensor tensor) { return Value(std::make_shared<const at::Tensor>(std::move(tensor))); }
  static const at::Tensor& tensor(const Value& value) { return value.as<at::Tensor>(); }

  Value constant(const Shape& shape, std::span<const float> data) override;
  Value integers(const Shape& shape, std::span<const std::int64_t> data) override;
  Value reshape(const Value& x, const Shape& shape) override;
  Value permute(const Value& x, const std::vector<int>& order) override;
  Value slice(const Value& x, int dim, std::int64_t begin, std::int64_t end) override;
  Value concat(const std::vector<Value>& parts, int dim) override;
  Value repeat_for_batch(const Value& x, const Value& like) override;
  Value embedding(const Value& table, const Value& ids) override;
  Value upsample_nearest_2x(const Value& x) override;
  Value add(const Value& a, const Value& b) override;
  Value mul(const Value& a, const Value& b) override;
  Value affine(const Value& x, float scale, float shift) override;
  Value relu(const Value& x) override;
  Value gelu(const Value& x) override;
  Value sigmoid(const Value& x) override;
  Value log(const Value& x) override;
  Value clamp(const Value& x, float low, float high) override;
  Value sin(const Value& x) override;
  Value cos(const Value& x) override;
  Value equals(const Value& x, float value) override;
  Value widen(const Value& x) override;
  Value cast_like(const Value& x, const Value& like) override;
  Value matmul(const Value& a, const Value& b) override;
  Value softmax(const Value& x) override;
  Value layer_norm(const Value& x, const Value& weight, const Value& bias, float eps) override;
  Value group_norm(const Value& x, int groups, const Value& weight, const Value& bias, float eps,
                   Activation activation) override;
  Value linear(const Value& x, const Value& weight, const Value& bias, Activation activation) override;
  Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride, int padding) override;
  Value conv_transpose2d(const Value& x, const Value& weight, const Value& bias, int stride) override;
  Value attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim,
                  const Value& bias = {}) override;
  Value upsampled_conv2d(const Value& x, const Value& weight, const Value& bias) override;
  Value rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) override;

 protected:
  at::Device device_;
};

}  // namespace samcache

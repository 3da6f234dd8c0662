// Ops that computes nothing: every call becomes nodes of an ONNX graph. Internal to onnx/.
//
// Types follow the rules of ops.h: products take the type of their weights, sums promote, norms keep the type they are
// given (Cast nodes where types change; none in a float32 graph). Nodes are named after the weight they use, or after
// the model's tap scope; a tap names the value it sees.
//
// What no model function needs but a graph's inputs and outputs do (sizes that are known only at run time, label
// arithmetic) is recorded with node() by the parts themselves.
#pragma once

#include "onnx/graph.h"

namespace samcache {

class OnnxOps : public Ops {
 public:
  // Taps belong to this object from here on.
  explicit OnnxOps(Graph& graph);

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
  Value rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) override;

  // For what is not in Ops. A node in the scope of the moment.
  Value node(const char* operation, const std::vector<Value>& inputs, const Graph::TypeAndShape& result,
             const std::vector<onnx::AttributeProto>& attributes = {});
  Value cast(const Value& x, DType type);
  // The size of dimension `dim` when the graph runs: integers [1].
  Value size_of(const Value& x, int dim);
  Graph& graph() { return graph_; }

 private:
  Value unary(const char* operation, const Value& x);
  Value binary(const char* operation, const Value& a, const Value& b);
  Value scalar(float value, DType type) { return graph_.floats({}, {&value, 1}, type); }
  Value activate(const Value& x, Activation activation);
  // x and, unless it is none, bias in the type of `weight`, as inputs of a node in the scope of that weight.
  Value convolution(const char* operation, const Value& x, const Value& weight, const Value& bias,
                    const Shape& out_shape, const std::vector<onnx::AttributeProto>& attributes);

  Graph& graph_;
};

}  // namespace samcache

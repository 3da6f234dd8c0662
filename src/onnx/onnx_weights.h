// A checkpoint's weights as stored tensors of a graph. Internal to onnx/.
//
// Only shapes are looked at here; the values are read when the graph is written. In a float16 graph matrices and their
// biases are float16, as in every precision of this project; what is computed in float32 keeps its type, but is stored
// in float16 and widened by a Cast when the graph is loaded, if it is large.
#pragma once

#include "model/checkpoint.h"
#include "model/layers.h"
#include "onnx/graph.h"

namespace samcache {

class OnnxWeights : public WeightSource {
 public:
  // dtype: kF32 or kF16, of matrix products.
  OnnxWeights(Graph& graph, const Checkpoint& checkpoint, DType dtype)
      : graph_(graph), checkpoint_(checkpoint), dtype_(dtype) {}

  Value weight(const std::string& name, WeightRole role) override;
  bool has(const std::string& name) const override { return checkpoint_.pieces(name).ok(); }

 private:
  Graph& graph_;
  const Checkpoint& checkpoint_;
  DType dtype_;
};

}  // namespace samcache

// The small parts that every stage of the model is built from, and how they find their weights.
#pragma once

#include <string>
#include <vector>

#include "model/ops.h"

namespace samcache {

// How a weight is going to be used, so that a runner can choose its precision.
enum class WeightRole {
  kMatrix,  // an operand of linear, conv2d or conv_transpose2d
  kVector,  // their bias
  kNorm,    // scale or shift of a LayerNorm
  kTable,   // added: tokens, position tables, embeddings of a few labels
  kLookup,  // one long table of rows, of which a few are read at a time: may stay where it is, in its own type
};

// Where weights come from. Names are the canonical ones of model/weights_table.h; their shapes have been checked.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual Value weight(const std::string& name, WeightRole role) = 0;
  // Whether there is such a tensor: for the few that a checkpoint may lack (WeightSpec::optional).
  virtual bool has(const std::string& name) const = 0;
};

// A WeightSource and a name prefix: scope["attn"]["qkv"] names what lies under "….attn.qkv.".
class WeightScope {
 public:
  WeightScope(WeightSource& source, std::string prefix, bool exact = false)
      : source_(source), prefix_(std::move(prefix)), exact_(exact) {}
  WeightScope operator[](const std::string& part) const { return {source_, prefix_ + part + ".", exact_}; }
  WeightScope operator[](int index) const { return (*this)[std::to_string(index)]; }
  // The same scope with every weight at full precision: for a small head whose rounding would show in its masks and
  // save nothing.
  WeightScope exact() const { return {source_, prefix_, true}; }
  Value get(const std::string& name, WeightRole role) const {
    return source_.weight(prefix_ + name, exact_ ? WeightRole::kTable : role);
  }
  bool has(const std::string& name) const { return source_.has(prefix_ + name); }

 private:
  WeightSource& source_;
  std::string prefix_;
  bool exact_;
};

constexpr float kLayerNormEps = 1e-5f;    // every LayerNorm of the official code, the ViT's included
constexpr float kLayerNorm2dEps = 1e-6f;  // its LayerNorm2d

struct Linear {
  Linear() = default;
  // prefix: of its tensors' own names, as torch.nn.MultiheadAttention has "in_proj_weight" and "in_proj_bias".
  explicit Linear(const WeightScope& scope, const std::string& prefix = "")
      : weight(scope.get(prefix + "weight", WeightRole::kMatrix)),
        bias(scope.get(prefix + "bias", WeightRole::kVector)) {}
  Value operator()(Ops& ops, const Value& x, Activation activation = Activation::kNone) const {
    return ops.linear(x, weight, bias, activation);
  }
  Value weight, bias;
};

struct LayerNorm {
  LayerNorm() = default;
  explicit LayerNorm(const WeightScope& scope)
      : weight(scope.get("weight", WeightRole::kNorm)), bias(scope.get("bias", WeightRole::kNorm)) {}
  Value operator()(Ops& ops, const Value& x) const { return ops.layer_norm(x, weight, bias, kLayerNormEps); }
  Value weight, bias;
};

// LayerNorm over the channels of each pixel of a feature map [B, C, H, W].
struct LayerNorm2d {
  LayerNorm2d() = default;
  explicit LayerNorm2d(const WeightScope& scope)
      : weight(scope.get("weight", WeightRole::kNorm)), bias(scope.get("bias", WeightRole::kNorm)) {}
  Value operator()(Ops& ops, const Value& x) const { return ops.layer_norm_2d(x, weight, bias, kLayerNorm2dEps); }
  Value weight, bias;
};

struct Conv2d {
  Conv2d() = default;
  Conv2d(const WeightScope& scope, int conv_stride, int conv_padding)
      : weight(scope.get("weight", WeightRole::kMatrix)),
        bias(scope.get("bias", WeightRole::kVector)),
        stride(conv_stride),
        padding(conv_padding) {}
  Value operator()(Ops& ops, const Value& x) const { return ops.conv2d(x, weight, bias, stride, padding); }
  Value weight, bias;
  int stride = 1;
  int padding = 0;
};

// Doubles height and width: kernel 2, stride 2.
struct ConvTranspose2x2 {
  ConvTranspose2x2() = default;
  explicit ConvTranspose2x2(const WeightScope& scope)
      : weight(scope.get("weight", WeightRole::kMatrix)), bias(scope.get("bias", WeightRole::kVector)) {}
  Value operator()(Ops& ops, const Value& x) const { return ops.conv_transpose2d(x, weight, bias, 2); }
  Value weight, bias;
};

// Linear layers "layers.0" … "layers.(depth-1)" with ReLU between them.
struct ReluMlp {
  ReluMlp() = default;
  ReluMlp(const WeightScope& scope, int depth) {
    for (int i = 0; i < depth; ++i) layers.emplace_back(scope["layers"][i]);
  }
  Value operator()(Ops& ops, Value x) const {
    if (layers.size() == 2) return ops.relu_mlp(x, layers[0].weight, layers[0].bias, layers[1].weight, layers[1].bias);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      x = layers[i](ops, x, i + 1 < layers.size() ? Activation::kRelu : Activation::kNone);
    }
    return x;
  }
  std::vector<Linear> layers;
};

// "linear1", ReLU, "linear2": the feed-forward part of the detector's transformers.
struct FeedForward {
  FeedForward() = default;
  explicit FeedForward(const WeightScope& scope) : linear1(scope["linear1"]), linear2(scope["linear2"]) {}
  Value operator()(Ops& ops, const Value& x) const {
    return ops.relu_mlp(x, linear1.weight, linear1.bias, linear2.weight, linear2.bias);
  }
  Linear linear1, linear2;
};

// x [B, C, H, W] -> [B, H*W, C]
inline Value tokens_from_map(Ops& ops, const Value& x, std::int64_t height, std::int64_t width) {
  return ops.reshape(ops.permute(x, {0, 2, 3, 1}), {0, height * width, -1});
}

// x [B, H*W, C] -> [B, C, H, W]
inline Value map_from_tokens(Ops& ops, const Value& x, std::int64_t height, std::int64_t width) {
  return ops.permute(ops.reshape(x, {0, height, width, -1}), {0, 3, 1, 2});
}

}  // namespace samcache

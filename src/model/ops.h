// The operations SAM 3 is written in.
//
// The model (sam3.h, concept_detector.h and what they are made of) is one set of functions over `Ops` and opaque
// `Value`s.
// Whoever implements Ops decides what a Value is: engine/torch_ops.h computes with tensors; another runner may record
// the same calls into a graph. Nothing else in the model knows.
//
// Shapes are written [B, N, C]; feature maps are NCHW in meaning (an implementation may hold them in another memory
// order). In the target shape of a reshape, 0 keeps the dimension at that place and one -1 is inferred, as in ONNX.
//
// Precision: an implementation may compute matrix products (linear, conv2d, conv_transpose2d, attention) in a narrow
// type. Sums promote to the wider operand, and layer_norm returns the type it was given, so a residual stream that was
// `widen`ed once stays wide.
//
// A Value is immutable and may be used by several threads; an Ops object belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace samcache {

using Shape = std::vector<std::int64_t>;

class Value {
 public:
  Value() = default;
  explicit Value(std::shared_ptr<const void> impl) : impl_(std::move(impl)) {}
  explicit operator bool() const { return impl_ != nullptr; }

  // What the Ops that made this value keeps in it. Only that Ops may ask.
  template <class T>
  const T& as() const {
    return *static_cast<const T*>(impl_.get());
  }

 private:
  std::shared_ptr<const void> impl_;
};

enum class Activation { kNone, kRelu, kGelu };  // kGelu is the exact (erf) form

// Rotary position tables for one attention: cos and sin of every token's angle, [N, head_dim / 2] each; entry j turns
// the feature pair (2j, 2j+1).
struct RotaryTable {
  Value cos;
  Value sin;
  int head_dim = 0;
};

// Sees named intermediate values, e.g. ("vit/block0.norm1", value).
using TapFn = std::function<void(const std::string& name, const Value& value)>;

class Ops {
 public:
  virtual ~Ops() = default;

  // --- values from outside
  virtual Value constant(const Shape& shape, std::span<const float> data) = 0;
  virtual Value integers(const Shape& shape, std::span<const std::int64_t> data) = 0;  // for `embedding`

  // --- shape
  virtual Value reshape(const Value& x, const Shape& shape) = 0;
  virtual Value permute(const Value& x, const std::vector<int>& order) = 0;
  // Elements [begin, end) of dimension `dim`; negative `dim` counts from the end.
  virtual Value slice(const Value& x, int dim, std::int64_t begin, std::int64_t end) = 0;
  virtual Value concat(const std::vector<Value>& parts, int dim) = 0;
  // x [1, ...] repeated to the first dimension of `like`: [B, ...].
  virtual Value repeat_for_batch(const Value& x, const Value& like) = 0;
  // Rows of table [V, C] by number: ids [...] -> [..., C].
  virtual Value embedding(const Value& table, const Value& ids) = 0;
  // x [B, C, H, W] -> [B, C, 2H, 2W], every pixel four times.
  virtual Value upsample_nearest_2x(const Value& x) = 0;

  // --- element-wise, with broadcasting
  virtual Value add(const Value& a, const Value& b) = 0;
  virtual Value mul(const Value& a, const Value& b) = 0;
  virtual Value affine(const Value& x, float scale, float shift) = 0;  // x * scale + shift
  virtual Value relu(const Value& x) = 0;
  virtual Value gelu(const Value& x) = 0;
  virtual Value sigmoid(const Value& x) = 0;
  virtual Value log(const Value& x) = 0;  // natural
  virtual Value clamp(const Value& x, float low, float high) = 0;
  virtual Value sin(const Value& x) = 0;
  virtual Value cos(const Value& x) = 0;
  virtual Value equals(const Value& x, float value) = 0;  // 1 where equal, else 0
  // The same numbers in the widest type the implementation sums in: for the start of a residual stream.
  virtual Value widen(const Value& x) = 0;
  virtual Value cast_like(const Value& x, const Value& like) = 0;  // the same numbers in the type of `like`

  // --- products
  virtual Value matmul(const Value& a, const Value& b) = 0;  // [..., M, K] x [..., K, N] -> [..., M, N]
  virtual Value softmax(const Value& x) = 0;                 // over the last dimension
  virtual Value layer_norm(const Value& x, const Value& weight, const Value& bias, float eps) = 0;  // last dimension
  // x [B, C, H, W]: over each of `groups` groups of channels together with all pixels; then the activation.
  virtual Value group_norm(const Value& x, int groups, const Value& weight, const Value& bias, float eps,
                           Activation activation = Activation::kNone) = 0;
  // x [..., K], weight [N, K], bias [N] or none -> act(x weight^T + bias) [..., N]
  virtual Value linear(const Value& x, const Value& weight, const Value& bias,
                       Activation activation = Activation::kNone) = 0;
  // x [B, I, H, W], weight [O, I, k, k], bias [O] or none
  virtual Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride, int padding) = 0;
  // x [B, I, H, W], weight [I, O, s, s], bias [O] -> [B, O, sH, sW]; kernel = stride = s, so outputs do not overlap
  virtual Value conv_transpose2d(const Value& x, const Value& weight, const Value& bias, int stride) = 0;

  // --- fused operations: what they mean is the composed default; an implementation may do them in one go
  // LayerNorm over the channels of each pixel of x [B, C, H, W].
  virtual Value layer_norm_2d(const Value& x, const Value& weight, const Value& bias, float eps);
  // softmax(q k^T / sqrt(head_dim) + bias) v for each head; q [B, Nq, C], k and v [B, Nk, C], C = heads x head_dim.
  // bias: none, or broadcast to [B, heads, Nq, Nk]; -infinity hides a key.
  virtual Value attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim,
                          const Value& bias = {});
  // attention over the keys of a grid of H rows and W columns, row-major, whose bias is that of the key's row plus
  // that of its column: row_bias [B, heads, Nq, H], column_bias [B, heads, Nq, W].
  virtual Value grid_attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim,
                               const Value& row_bias, const Value& column_bias);
  // linear(linear(x, weight1, bias1, kRelu), weight2, bias2)
  virtual Value relu_mlp(const Value& x, const Value& weight1, const Value& bias1, const Value& weight2,
                         const Value& bias2);
  // conv2d(upsample_nearest_2x(x), weight, bias, 1, 1) for 3x3 kernels.
  virtual Value upsampled_conv2d(const Value& x, const Value& weight, const Value& bias);
  // Self-attention on a fused projection qkv [B, N, 3C] = [q | k | v], q and k turned by `table` first. -> [B, N, C]
  virtual Value rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads);

  // The bias that grid_attention adds, [B, heads, Nq, H * W].
  Value grid_bias(const Value& row_bias, const Value& column_bias);

  // --- looking inside
  void set_tap(TapFn tap) { tap_ = std::move(tap); }
  bool tapping() const { return tap_ != nullptr; }
  void tap(const char* name, const Value& value) const {
    if (tap_) tap_(tap_prefix_ + name, value);
  }

  // Prefixes the names of all taps while it lives.
  class TapScope {
   public:
    TapScope(Ops& ops, const std::string& prefix) : ops_(ops), outer_length_(ops.tap_prefix_.size()) {
      ops_.tap_prefix_ += prefix;
    }
    ~TapScope() { ops_.tap_prefix_.resize(outer_length_); }
    TapScope(const TapScope&) = delete;
    TapScope& operator=(const TapScope&) = delete;

   private:
    Ops& ops_;
    std::size_t outer_length_;
  };

 protected:
  // The prefix of taps at the moment, for whoever names what it makes.
  const std::string& scope() const { return tap_prefix_; }

 private:
  // x [B, N, C] -> [B, heads, N, head_dim], pairs (2j, 2j+1) of every head turned by the table.
  Value rotate_heads(const Value& x, const RotaryTable& table, int heads);

  TapFn tap_;
  std::string tap_prefix_;
};

}  // namespace samcache

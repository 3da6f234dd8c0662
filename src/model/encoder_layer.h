// The transformer layer that the geometry encoder and the fusion encoder are stacks of.
//
// Pre-norm: self-attention, attention to something else, a ReLU MLP, each added to a residual stream that stays in
// float32. Source: facebookresearch/sam3, sam3/model/encoder.py.
#pragma once

#include "model/attention.h"
#include "model/config.h"

namespace samcache {

// Whose tokens the layer works on.
enum class LayerTokens { kPrompt, kImage };

class EncoderLayer {
 public:
  EncoderLayer(Ops& ops, const DetrConfig& config, int width, LayerTokens tokens, const WeightScope& scope);

  // x [B, N, d]; positions [1, N, d] are added to queries and keys (no value: none).
  Value self_attend(Ops& ops, const Value& x, const Value& positions) const;
  // The queries of the cross-attention, projected.
  Value cross_queries(Ops& ops, const Value& x) const;
  KeysValues cross_keys_values(Ops& ops, const Value& k, const Value& v) const {
    return cross_attention_.project_keys_values(ops, k, v);
  }
  // The rest of the layer: x after self-attention, its projected queries, what they attend to.
  Value cross_attend_and_mix(Ops& ops, const Value& x, const Value& queries, const KeysValues& other,
                             const Value& bias = {}) const;

 private:
  ProjectedAttention self_attention_, cross_attention_;
  LayerNorm norm1_, norm2_, norm3_;
  FeedForward feed_forward_;
};

}  // namespace samcache

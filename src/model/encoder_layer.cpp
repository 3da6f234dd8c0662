#include "model/encoder_layer.h"

namespace samcache {
namespace {

WeightScope exact_for_prompt(LayerTokens tokens, const WeightScope& scope) {
  return tokens == LayerTokens::kPrompt ? scope.exact() : scope;
}

}  // namespace

EncoderLayer::EncoderLayer(Ops& ops, const DetrConfig& config, int width, LayerTokens tokens, const WeightScope& scope)
    : self_attention_(ProjectedAttention::fused(ops, scope["self_attn"], config.heads, width,
                                                tokens == LayerTokens::kImage ? ImageSide::kAll : ImageSide::kNone)),
      cross_attention_(
          ProjectedAttention::fused(ops, scope["cross_attn_image"], config.heads, width,
                                    tokens == LayerTokens::kImage ? ImageSide::kAll : ImageSide::kKeysAndValues)),
      norm1_(scope["norm1"]),
      norm2_(scope["norm2"]),
      norm3_(scope["norm3"]),
      feed_forward_(exact_for_prompt(tokens, scope)) {}

Value EncoderLayer::self_attend(Ops& ops, const Value& x, const Value& positions) const {
  const Value normed = norm1_(ops, x);
  ops.tap(".norm1", normed);
  const Value placed = positions ? ops.add(normed, positions) : normed;
  const Value attended = self_attention_(ops, placed, placed, normed);
  ops.tap(".self_attn", attended);
  return ops.add(x, attended);
}

Value EncoderLayer::cross_queries(Ops& ops, const Value& x) const {
  return cross_attention_.project_queries(ops, norm2_(ops, x));
}

Value EncoderLayer::cross_attend_and_mix(Ops& ops, const Value& x, const Value& queries, const KeysValues& other,
                                         const Value& bias) const {
  const Value attended = cross_attention_.attend(ops, queries, other, bias);
  ops.tap(".cross_attn", attended);
  const Value mixed = ops.add(x, attended);
  const Value fed = feed_forward_(ops, norm3_(ops, mixed));
  ops.tap(".ffn", fed);
  return ops.add(mixed, fed);
}

}  // namespace samcache

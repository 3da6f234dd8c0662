#include "model/mask_decoder.h"

namespace samcache {

TwoWayTransformer::Block::Block(const MaskDecoderConfig& config, int width, const WeightScope& scope)
    : self_attention(ProjectedAttention::separate(scope["self_attn"], config.heads, width, ImageSide::kNone)),
      tokens_to_image(ProjectedAttention::separate(scope["cross_attn_token_to_image"], config.heads,
                                                   width / config.attention_downsample_rate,
                                                   ImageSide::kKeysAndValues)),
      image_to_tokens(ProjectedAttention::separate(scope["cross_attn_image_to_token"], config.heads,
                                                   width / config.attention_downsample_rate, ImageSide::kQueries)),
      norm1(scope["norm1"]),
      norm2(scope["norm2"]),
      norm3(scope["norm3"]),
      norm4(scope["norm4"]),
      lin1(scope["mlp"]["lin1"].exact()),
      lin2(scope["mlp"]["lin2"].exact()) {}

TwoWayTransformer::TwoWayTransformer(const Sam3Config& config, const WeightScope& scope)
    : final_attention_(ProjectedAttention::separate(scope["final_attn_token_to_image"], config.mask_decoder.heads,
                                                    config.fpn_width / config.mask_decoder.attention_downsample_rate,
                                                    ImageSide::kKeysAndValues)),
      final_norm_(scope["norm_final_attn"]) {
  for (int i = 0; i < config.mask_decoder.layers; ++i) {
    blocks_.emplace_back(config.mask_decoder, config.fpn_width, scope["layers"][i]);
  }
}

TwoWayTokens TwoWayTransformer::operator()(Ops& ops, const Value& tokens, const Value& image,
                                           const Value& image_positions) const {
  // The prompt's own embeddings serve as the tokens' positions throughout.
  const Value& token_positions = tokens;
  TwoWayTokens state{tokens, image};
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    state = run_block(ops, blocks_[i], i == 0, state, token_positions, image_positions);
    const Ops::TapScope scope(ops, "layer" + std::to_string(i));
    ops.tap(".queries", state.tokens);
    ops.tap(".keys", state.image);
  }
  const Value attended =
      final_attention_(ops, ops.add(state.tokens, token_positions), ops.add(state.image, image_positions), state.image);
  state.tokens = final_norm_(ops, ops.add(state.tokens, attended));
  return state;
}

TwoWayTokens TwoWayTransformer::run_block(Ops& ops, const Block& block, bool first, const TwoWayTokens& in,
                                          const Value& token_positions, const Value& image_positions) const {
  Value tokens = in.tokens;
  if (first) {
    // No positions yet, and no residual: attention replaces the tokens.
    tokens = ops.widen(block.self_attention(ops, tokens, tokens, tokens));
  } else {
    const Value query = ops.add(tokens, token_positions);
    tokens = ops.add(tokens, block.self_attention(ops, query, query, tokens));
  }
  tokens = block.norm1(ops, tokens);

  const Value image_key = ops.add(in.image, image_positions);
  tokens = ops.add(tokens, block.tokens_to_image(ops, ops.add(tokens, token_positions), image_key, in.image));
  tokens = block.norm2(ops, tokens);

  tokens = ops.add(tokens, block.lin2(ops, block.lin1(ops, tokens, Activation::kRelu)));
  tokens = block.norm3(ops, tokens);

  const Value attended = block.image_to_tokens(ops, image_key, ops.add(tokens, token_positions), tokens);
  return {tokens, block.norm4(ops, ops.add(in.image, attended))};
}

MaskDecoder::MaskDecoder(Ops& ops, const Sam3Config& config, const WeightScope& scope)
    : grid_(config.grid()),
      width_(config.fpn_width),
      mask_tokens_(config.mask_decoder.mask_tokens()),
      transformer_(config, scope["transformer"]),
      dconv0_(scope["output_upscaling"][0]),
      dconv1_(scope["output_upscaling"][3]),
      upscale_norm_(scope["output_upscaling"][1]),
      conv_s0_(scope["conv_s0"], 1, 0),
      conv_s1_(scope["conv_s1"], 1, 0),
      iou_head_(scope["iou_prediction_head"].exact(), config.mask_decoder.iou_head_depth),
      object_head_(scope["pred_obj_score_head"].exact(), 3) {
  const auto token = [&](const char* name) { return scope[name].get("weight", WeightRole::kTable); };
  output_tokens_ = ops.reshape(ops.concat({token("obj_score_token"), token("iou_token"), token("mask_tokens")}, 0),
                               {1, 2 + mask_tokens_, width_});
  for (int i = 0; i < mask_tokens_; ++i) hypernetworks_.emplace_back(scope["output_hypernetworks_mlps"][i].exact(), 3);
}

MaskCandidates MaskDecoder::operator()(Ops& ops, const InteractiveFeatures& image, const Value& image_positions,
                                       const Value& sparse, const Value& dense) const {
  const Ops::TapScope scope(ops, "md/");
  const Value& batch = sparse ? sparse : dense;
  Value tokens = ops.repeat_for_batch(output_tokens_, batch);
  if (sparse) tokens = ops.concat({tokens, sparse}, 1);
  ops.tap("tokens_in", tokens);

  const Value source = ops.repeat_for_batch(ops.add(ops.widen(image.coarse), dense), batch);
  const TwoWayTokens out = transformer_(ops, tokens, tokens_from_map(ops, source, grid_, grid_),
                                        tokens_from_map(ops, image_positions, grid_, grid_));
  ops.tap("hs", out.tokens);
  ops.tap("src", out.image);

  const Value upscaled = upscale(ops, map_from_tokens(ops, out.image, grid_, grid_), image);
  std::vector<Value> filters;
  for (int i = 0; i < mask_tokens_; ++i) {
    filters.push_back(hypernetworks_[i](ops, ops.slice(out.tokens, 1, 2 + i, 3 + i)));
  }
  const int side = 4 * grid_;
  const Value pixels = tokens_from_map(ops, upscaled, side, side);
  const Value logits = ops.matmul(pixels, ops.permute(ops.concat(filters, 1), {0, 2, 1}));  // [B, pixels, M]

  MaskCandidates candidates;
  candidates.masks = ops.reshape(ops.permute(logits, {0, 2, 1}), {0, mask_tokens_, side, side});
  candidates.iou = ops.reshape(ops.sigmoid(iou_head_(ops, ops.slice(out.tokens, 1, 1, 2))), {0, mask_tokens_});
  candidates.object_score = ops.reshape(object_head_(ops, ops.slice(out.tokens, 1, 0, 1)), {0, 1});
  ops.tap("masks_all", candidates.masks);
  ops.tap("iou_all", candidates.iou);
  ops.tap("obj_score", candidates.object_score);
  if (ops.tapping()) ops.tap("mask_tokens", ops.slice(out.tokens, 1, 2, 2 + mask_tokens_));
  return candidates;
}

// image_map [B, d, G, G] -> [B, d/8, 4G, 4G]
Value MaskDecoder::upscale(Ops& ops, const Value& image_map, const InteractiveFeatures& image) const {
  const Value up0 = dconv0_(ops, image_map);
  ops.tap("up0", up0);
  const Value normed = upscale_norm_(ops, ops.add(up0, image.middle));
  ops.tap("up_ln", normed);
  const Value up1 = dconv1_(ops, ops.gelu(normed));
  ops.tap("up1", up1);
  return ops.gelu(ops.add(up1, image.fine));
}

}  // namespace samcache

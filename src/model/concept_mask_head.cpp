#include "model/concept_mask_head.h"

namespace samcache {
namespace {

constexpr int kNormGroups = 8;
constexpr int kStages = 2;  // a checkpoint has one more, which no level reaches

}  // namespace

ConceptMaskHead::Stage::Stage(const WeightScope& scope, int index)
    : conv(scope["conv_layers"][index], 1, 1),
      norm_weight(scope["norms"][index].get("weight", WeightRole::kNorm)),
      norm_bias(scope["norms"][index].get("bias", WeightRole::kNorm)) {}

ConceptMaskHead::ConceptMaskHead(Ops& ops, const Sam3Config& config, const WeightScope& scope)
    : grid_(config.grid()),
      prompt_norm_(scope["cross_attn_norm"]),
      prompt_attention_(ProjectedAttention::fused(ops, scope["cross_attend_prompt"], config.segmentation_heads,
                                                  config.fpn_width, ImageSide::kAll)),
      mask_embed_(scope.exact()["mask_predictor"]["mask_embed"], 3),
      instance_weight_(ops.reshape(scope.exact()["instance_seg_head"].get("weight", WeightRole::kMatrix),
                                   {config.fpn_width, config.fpn_width})),
      instance_bias_(
          ops.reshape(scope.exact()["instance_seg_head"].get("bias", WeightRole::kVector), {config.fpn_width, 1})) {
  for (int i = 0; i < kStages; ++i) stages_.emplace_back(scope["pixel_decoder"], i);
}

ConceptMaskHead::ImagePart ConceptMaskHead::prepare(Ops& ops, const FeaturePyramid& levels) const {
  return {stages_[0].conv(ops, levels[1]), stages_[1].conv(ops, levels[0])};
}

Value ConceptMaskHead::pixels(Ops& ops, const ImagePart& image, const Value& memory, const Value& prompt,
                              const Value& prompt_bias) const {
  const Ops::TapScope scope(ops, "seg/");
  const Value normed = prompt_norm_(ops, memory);
  ops.tap("cross_norm", normed);
  const Value attended = prompt_attention_(ops, normed, prompt, prompt, prompt_bias);
  ops.tap("cross_attn", attended);
  Value x = map_from_tokens(ops, ops.add(memory, attended), grid_, grid_);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    const Value sum = ops.add(image[i], ops.upsampled_conv2d(x, stage.conv.weight, {}));
    ops.tap(("pix_conv" + std::to_string(i)).c_str(), sum);
    x = ops.group_norm(sum, kNormGroups, stage.norm_weight, stage.norm_bias, kLayerNormEps, Activation::kRelu);
  }
  ops.tap("pixel_embed", x);
  return x;
}

ConceptMaskHead::Filters ConceptMaskHead::filters(Ops& ops, const Value& queries) const {
  const Value embedding = mask_embed_(ops, queries);
  ops.tap("seg/mask_embed", embedding);
  return {ops.matmul(embedding, instance_weight_), ops.matmul(embedding, instance_bias_)};
}

Value ConceptMaskHead::masks(Ops& ops, const Value& pixels, const Filters& filters) const {
  const Value tokens = tokens_from_map(ops, pixels, 4 * grid_, 4 * grid_);
  const Value columns = ops.permute(ops.cast_like(filters.weights, pixels), {0, 2, 1});
  return ops.add(ops.permute(ops.matmul(tokens, columns), {0, 2, 1}), filters.shifts);
}

}  // namespace samcache

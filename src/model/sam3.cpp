#include "model/sam3.h"

namespace samcache {
namespace {

WeightScope vision_scope(WeightSource& weights) { return {weights, "detector.backbone.vision_backbone."}; }
WeightScope tracker_scope(WeightSource& weights) { return {weights, "tracker."}; }

}  // namespace

Sam3ImageModel::Sam3ImageModel(Ops& ops, const Sam3Config& config, WeightSource& weights)
    : config_(config),
      trunk_(ops, config.vit, vision_scope(weights)["trunk"]),
      detector_neck_(vision_scope(weights)["convs"], "sam3_fpn"),
      interactive_neck_(vision_scope(weights)["sam2_convs"], "sam2_fpn"),
      prompt_encoder_(ops, config, tracker_scope(weights).exact()["sam_prompt_encoder"]),
      mask_decoder_(ops, config, tracker_scope(weights)["sam_mask_decoder"]),
      no_memory_(
          ops.reshape(tracker_scope(weights).get("no_mem_embed", WeightRole::kTable), {1, config.fpn_width, 1, 1})) {}

InteractiveFeatures Sam3ImageModel::interactive_levels(Ops& ops, const Value& trunk) const {
  const FeaturePyramid levels = interactive_neck_(ops, trunk);
  InteractiveFeatures features;
  features.fine = mask_decoder_.project_fine(ops, levels[0]);
  features.middle = mask_decoder_.project_middle(ops, levels[1]);
  features.coarse = levels[2];
  ops.tap("sam2/feat_s0", features.fine);
  ops.tap("sam2/feat_s1", features.middle);
  return features;
}

InteractiveFeatures Sam3ImageModel::interactive_features(Ops& ops, const Value& trunk) const {
  InteractiveFeatures features = interactive_levels(ops, trunk);
  features.coarse = ops.add(features.coarse, no_memory_);
  ops.tap("inst/image_embed", features.coarse);
  return features;
}

MaskCandidates Sam3ImageModel::decode(Ops& ops, const InteractiveFeatures& image, const Value& coordinates,
                                      const Value& labels, const Value& mask_input) const {
  return decode_embedded(ops, image, coordinates, labels, embed_mask(ops, mask_input));
}

MaskCandidates Sam3ImageModel::decode_embedded(Ops& ops, const InteractiveFeatures& image, const Value& coordinates,
                                               const Value& labels, const Value& mask_embedding) const {
  ops.tap("pe/image_positions", prompt_encoder_.image_positions());
  Value sparse;
  if (coordinates) sparse = prompt_encoder_.sparse(ops, coordinates, labels);
  ops.tap("pe/dense", mask_embedding);
  return mask_decoder_(ops, image, prompt_encoder_.image_positions(), sparse, mask_embedding);
}

Value Sam3ImageModel::embed_mask(Ops& ops, const Value& mask_input) const {
  return mask_input ? prompt_encoder_.dense(ops, mask_input) : prompt_encoder_.no_mask();
}

}  // namespace samcache

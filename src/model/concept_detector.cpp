#include "model/concept_detector.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace samcache {
namespace {

constexpr float kMaxLogit = 12.0f;

WeightScope detector_scope(WeightSource& weights) { return {weights, "detector."}; }

}  // namespace

PromptScoring::PromptScoring(const Sam3Config& config, const WeightScope& scope)
    : prompt_mlp_(scope.exact()["prompt_mlp"], 2),
      prompt_norm_(scope["prompt_mlp"]["out_norm"]),
      prompt_proj_(scope.exact()["prompt_proj"]),
      hs_proj_(scope.exact()["hs_proj"]),
      scale_(1.0f / std::sqrt(static_cast<float>(config.fpn_width))) {}

Value PromptScoring::operator()(Ops& ops, const PromptSequence& prompt, const Value& queries) const {
  const Ops::TapScope scope(ops, "score/");
  const Value tokens = prompt_norm_(ops, ops.add(prompt.tokens, prompt_mlp_(ops, prompt.tokens)));
  ops.tap("prompt_mlp", tokens);
  const Value pooled = ops.matmul(prompt.weights, tokens);  // [B, 1, d]
  ops.tap("pooled_prompt", pooled);
  const Value projected = prompt_proj_(ops, pooled);
  ops.tap("prompt_proj", projected);
  const Value by_query = hs_proj_(ops, queries);
  ops.tap("hs_proj", by_query);
  const Value products = ops.matmul(by_query, ops.permute(projected, {0, 2, 1}));  // [B, Q, 1]
  return ops.clamp(ops.affine(ops.reshape(products, {0, -1}), scale_, 0.0f), -kMaxLogit, kMaxLogit);
}

ConceptDetector::ConceptDetector(Ops& ops, const Sam3Config& config, WeightSource& weights)
    : grid_(config.grid()),
      positions_(grid_positions(ops, config.grid(), config.fpn_width)),
      text_(ops, config.text, detector_scope(weights)["backbone"]["language_backbone"]),
      geometry_(ops, config, detector_scope(weights)["geometry_encoder"]),
      fusion_(ops, config, detector_scope(weights)["transformer"]["encoder"]),
      decoder_(ops, config, detector_scope(weights)["transformer"]["decoder"]),
      scoring_(config, detector_scope(weights)["dot_prod_scoring"]),
      mask_head_(ops, config, detector_scope(weights)["segmentation_head"]) {}

ConceptFeatures ConceptDetector::prepare(Ops& ops, const FeaturePyramid& levels) const {
  const Value image = ops.widen(tokens_from_map(ops, levels[2], grid_, grid_));
  ops.tap("enc/pos_embed", positions_);
  return {geometry_.prepare(ops, image, positions_), fusion_.prepare(ops, image, positions_),
          mask_head_.prepare(ops, levels)};
}

PromptSequence ConceptDetector::prompt(Ops& ops, const ConceptFeatures& image, const Value& text,
                                       std::span<const std::uint8_t> text_valid,
                                       const GeometryPrompt& exemplars) const {
  const Value geometry = geometry_(ops, image.geometry, exemplars);
  const std::size_t exemplar_tokens = exemplars.boxes.size() + exemplars.points.size() + 1;
  std::vector<float> bias, weights;
  const auto valid = static_cast<std::size_t>(std::count(text_valid.begin(), text_valid.end(), 1)) + exemplar_tokens;
  const auto add_token = [&](bool there) {
    bias.push_back(there ? 0.0f : -std::numeric_limits<float>::infinity());
    weights.push_back(there ? 1.0f / static_cast<float>(valid) : 0.0f);
  };
  for (const std::uint8_t flag : text_valid) add_token(flag != 0);
  for (std::size_t i = 0; i < exemplar_tokens; ++i) add_token(true);
  const auto length = static_cast<std::int64_t>(bias.size());
  PromptSequence prompt{ops.concat({text, geometry}, 1), ops.constant({1, 1, 1, length}, bias),
                        ops.constant({1, 1, length}, weights)};
  ops.tap("prompt", prompt.tokens);
  ops.tap("prompt_bias", prompt.bias);
  return prompt;
}

Value ConceptDetector::fuse(Ops& ops, const ConceptFeatures& image, const PromptSequence& prompt) const {
  const Value memory = fusion_(ops, image.fusion, positions_, prompt.tokens, prompt.bias);
  ops.tap("enc/memory", memory);
  return memory;
}

ConceptCandidates ConceptDetector::detect(Ops& ops, const Value& memory, const PromptSequence& prompt) const {
  const DecodedQueries decoded = decoder_(ops, memory, positions_, prompt.tokens, prompt.bias);
  ConceptCandidates found{decoded.features, decoded.boxes, scoring_(ops, prompt, decoded.features), decoded.presence};
  ops.tap("pred_boxes", found.boxes);
  ops.tap("pred_logits", found.logits);
  ops.tap("presence_logit_dec", found.presence);
  return found;
}

}  // namespace samcache

#include "model/fusion_encoder.h"

namespace samcache {
namespace {

std::string layer_name(std::size_t layer) { return "enc/layer" + std::to_string(layer); }

}  // namespace

FusionEncoder::FusionEncoder(Ops& ops, const Sam3Config& config, const WeightScope& scope) {
  for (int i = 0; i < config.encoder.layers; ++i) {
    layers_.emplace_back(ops, config.encoder, config.fpn_width, LayerTokens::kImage, scope["layers"][i]);
  }
}

FusionEncoder::ImagePart FusionEncoder::prepare(Ops& ops, const Value& image, const Value& positions) const {
  const Ops::TapScope scope(ops, layer_name(0));
  ImagePart part;
  part.tokens = layers_[0].self_attend(ops, ops.widen(image), positions);
  part.queries = layers_[0].cross_queries(ops, part.tokens);
  return part;
}

Value FusionEncoder::operator()(Ops& ops, const ImagePart& image, const Value& positions, const Value& prompt,
                                const Value& prompt_bias) const {
  Value x = image.tokens;
  Value queries = image.queries;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Ops::TapScope scope(ops, layer_name(i));
    if (i > 0) {
      x = layers_[i].self_attend(ops, x, positions);
      queries = layers_[i].cross_queries(ops, x);
    }
    x = layers_[i].cross_attend_and_mix(ops, x, queries, layers_[i].cross_keys_values(ops, prompt, prompt),
                                        prompt_bias);
    ops.tap("", x);
  }
  return x;
}

}  // namespace samcache

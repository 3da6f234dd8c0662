// The text encoder.
#include "model/weights_table_parts.h"

namespace samcache {
namespace {

void add_block(const TextConfig& text, const std::string& meta, const std::string& hf, WeightsBuilder& b) {
  b.multihead_attention(meta + ".attn", hf + ".self_attn", text.hidden, "out_proj");
  b.norm(meta + ".ln_1", hf + ".layer_norm1", text.hidden);
  b.norm(meta + ".ln_2", hf + ".layer_norm2", text.hidden);
  b.linear(meta + ".mlp.c_fc", hf + ".mlp.fc1", text.hidden, text.mlp);
  b.linear(meta + ".mlp.c_proj", hf + ".mlp.fc2", text.mlp, text.hidden);
}

}  // namespace

void add_text_weights(const Sam3Config& config, WeightsBuilder& b) {
  const TextConfig& text = config.text;
  const std::string meta = "detector.backbone.language_backbone.";
  const std::string hf = "detector_model.text_encoder.text_model.";
  b.parameter(meta + "encoder.positional_embedding", {text.context, text.hidden},
              hf + "embeddings.position_embedding.weight");
  // CLIP's projection into its image space. SAM 3 reads the tokens before it.
  b.used_by_image_model(false);
  WeightSpec& projection = b.parameter(meta + "encoder.text_projection", {text.hidden, text.projection},
                                       "detector_model.text_encoder.text_projection.weight");
  projection.hf.front().op = HfPiece::Op::kTranspose;
  projection.hf.front().shape = {text.projection, text.hidden};
  b.used_by_image_model(true);
  b.parameter(meta + "encoder.token_embedding.weight", {text.vocabulary, text.hidden},
              hf + "embeddings.token_embedding.weight");
  for (int i = 0; i < text.layers; ++i)
    add_block(text, meta + "encoder.transformer.resblocks." + std::to_string(i),
              hf + "encoder.layers." + std::to_string(i), b);
  b.norm(meta + "encoder.ln_final", hf + "final_layer_norm", text.hidden);
  b.linear(meta + "resizer", "detector_model.text_projection", text.hidden, config.fpn_width);
}

}  // namespace samcache

// The ViT and its two necks.
#include "model/weights_table_parts.h"

namespace samcache {
namespace {

const std::string kMeta = "detector.backbone.vision_backbone.";
const std::string kHf = "detector_model.vision_encoder.";

void add_block(const VitConfig& vit, int index, WeightsBuilder& b) {
  const std::string meta = kMeta + "trunk.blocks." + std::to_string(index);
  const std::string hf = kHf + "backbone.layers." + std::to_string(index);
  const int side = vit.is_global(index) ? vit.grid() : vit.window;
  b.norm(meta + ".norm1", hf + ".layer_norm1", vit.hidden);
  WeightSpec& rotary = b.meta_only(meta + ".attn.freqs_cis", {side * side, vit.head_dim() / 2});
  rotary.generated = false;
  rotary.used_by_image_model = false;
  b.fused_qkv(meta + ".attn.qkv.weight", meta + ".attn.qkv.bias", hf + ".attention", vit.hidden);
  b.linear(meta + ".attn.proj", hf + ".attention.o_proj", vit.hidden, vit.hidden);
  b.norm(meta + ".norm2", hf + ".layer_norm2", vit.hidden);
  b.linear(meta + ".mlp.fc1", hf + ".mlp.fc1", vit.hidden, vit.mlp);
  b.linear(meta + ".mlp.fc2", hf + ".mlp.fc2", vit.mlp, vit.hidden);
}

void add_trunk(const VitConfig& vit, WeightsBuilder& b) {
  const std::int64_t positions = std::int64_t{vit.pretrain_grid()} * vit.pretrain_grid();
  const std::string embeddings = kHf + "backbone.embeddings.";
  WeightSpec& table =
      b.parameter(kMeta + "trunk.pos_embed", {1, 1 + positions, vit.hidden}, embeddings + "position_embeddings");
  table.hf.front().op = HfPiece::Op::kDropFirst;
  table.hf.front().shape[1] = positions;
  b.parameter(kMeta + "trunk.patch_embed.proj.weight", {vit.hidden, 3, vit.patch, vit.patch},
              embeddings + "patch_embeddings.projection.weight");
  for (int i = 0; i < vit.layers; ++i) add_block(vit, i, b);
  b.norm(kMeta + "trunk.ln_pre", kHf + "backbone.layer_norm", vit.hidden);
}

void add_neck(const Sam3Config& config, const std::string& meta_convs, const std::string& hf_layers,
              WeightsBuilder& b) {
  const int trunk = config.vit.hidden;
  const int width = config.fpn_width;
  const int level_channels[] = {trunk / 4, trunk / 2, trunk, trunk};
  for (int level = 0; level < 4; ++level) {
    const std::string meta = meta_convs + std::to_string(level);
    const std::string hf = hf_layers + std::to_string(level);
    // No prompt reads the level at half the trunk's resolution (scalp = 1); exports with all four levels do.
    b.used_by_image_model(level < 3);
    b.optional(level == 3);
    if (level == 0) {
      b.conv_transpose(meta + ".dconv_2x2_0", hf + ".scale_layers.0", trunk, trunk / 2);
      b.conv_transpose(meta + ".dconv_2x2_1", hf + ".scale_layers.2", trunk / 2, trunk / 4);
    } else if (level == 1) {
      b.conv_transpose(meta + ".dconv_2x2", hf + ".scale_layers.0", trunk, trunk / 2);
    }
    b.conv(meta + ".conv_1x1", hf + ".proj1", level_channels[level], width, 1);
    b.conv(meta + ".conv_3x3", hf + ".proj2", width, width, 3);
  }
  b.used_by_image_model(true);
  b.optional(false);
}

}  // namespace

void add_vision_weights(const Sam3Config& config, WeightsBuilder& builder) {
  add_trunk(config.vit, builder);
  add_neck(config, kMeta + "convs.", kHf + "neck.fpn_layers.", builder);
  add_neck(config, kMeta + "sam2_convs.", "tracker_neck.fpn_layers.", builder);
}

}  // namespace samcache

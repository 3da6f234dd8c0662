// The concept detector: geometry encoder, fusion encoder, DETR decoder, mask head, scoring.
#include "model/weights_table_parts.h"

namespace samcache {
namespace {

// The layer that the geometry encoder and the fusion encoder share.
void add_encoder_layer(const DetrConfig& part, int width, const std::string& meta, const std::string& hf,
                       WeightsBuilder& b) {
  b.multihead_attention(meta + ".self_attn", hf + ".self_attn", width);
  b.multihead_attention(meta + ".cross_attn_image", hf + ".cross_attn", width);
  b.linear(meta + ".linear1", hf + ".mlp.fc1", width, part.feed_forward);
  b.linear(meta + ".linear2", hf + ".mlp.fc2", part.feed_forward, width);
  for (const char* index : {"1", "2", "3"}) b.norm(meta + ".norm" + index, hf + ".layer_norm" + index, width);
}

void add_geometry_encoder(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const std::string meta = "detector.geometry_encoder.";
  const std::string hf = "detector_model.geometry_encoder.";
  b.parameter(meta + "label_embed.weight", {2, d}, hf + "label_embed.weight");
  b.parameter(meta + "cls_embed.weight", {1, d}, hf + "cls_embed.weight");
  // Point exemplars: no prompt of the official image processor reaches them, Hugging Face drops them.
  b.used_by_image_model(false);
  const auto meta_only_linear = [&](const std::string& name, int in) {
    b.meta_only(meta + name + ".weight", {d, in}).optional = true;
    b.meta_only(meta + name + ".bias", {d}).optional = true;
  };
  meta_only_linear("points_direct_project", 2);
  meta_only_linear("points_pool_project", d);
  meta_only_linear("points_pos_enc_project", d);
  b.used_by_image_model(true);
  b.linear(meta + "boxes_direct_project", hf + "boxes_direct_project", 4, d);
  b.conv(meta + "boxes_pool_project", hf + "boxes_pool_project", d, d, config.roi_size);
  b.linear(meta + "boxes_pos_enc_project", hf + "boxes_pos_enc_project", d + 2, d);
  b.linear(meta + "final_proj", hf + "final_proj", d, d);
  b.norm(meta + "norm", hf + "prompt_layer_norm", d);
  b.norm(meta + "img_pre_norm", hf + "vision_layer_norm", d);
  for (int i = 0; i < config.geometry.layers; ++i)
    add_encoder_layer(config.geometry, d, meta + "encode." + std::to_string(i), hf + "layers." + std::to_string(i), b);
  b.norm(meta + "encode_norm", hf + "output_layer_norm", d);
}

void add_decoder_layer(const DetrConfig& part, int d, const std::string& meta, const std::string& hf,
                       WeightsBuilder& b) {
  b.multihead_attention(meta + ".cross_attn", hf + ".vision_cross_attn", d);
  b.norm(meta + ".norm1", hf + ".vision_cross_attn_layer_norm", d);
  b.multihead_attention(meta + ".ca_text", hf + ".text_cross_attn", d);
  b.norm(meta + ".catext_norm", hf + ".text_cross_attn_layer_norm", d);
  b.multihead_attention(meta + ".self_attn", hf + ".self_attn", d);
  b.norm(meta + ".norm2", hf + ".self_attn_layer_norm", d);
  b.linear(meta + ".linear1", hf + ".mlp.fc1", d, part.feed_forward);
  b.linear(meta + ".linear2", hf + ".mlp.fc2", part.feed_forward, d);
  b.norm(meta + ".norm3", hf + ".mlp_layer_norm", d);
}

void add_decoder(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const std::string meta = "detector.transformer.decoder.";
  const std::string hf = "detector_model.detr_decoder.";
  for (int i = 0; i < config.decoder.layers; ++i)
    add_decoder_layer(config.decoder, d, meta + "layers." + std::to_string(i), hf + "layers." + std::to_string(i), b);
  b.norm(meta + "norm", hf + "output_layer_norm", d);
  b.numbered_mlp(meta + "bbox_embed", hf + "box_head", {d, d, d, 4});
  b.parameter(meta + "query_embed.weight", {config.queries, d}, hf + "query_embed.weight");
  b.parameter(meta + "reference_points.weight", {config.queries, 4}, hf + "reference_points.weight");
  b.numbered_mlp(meta + "boxRPB_embed_x", hf + "box_rpb_embed_x", {2, d, config.decoder.heads});
  b.numbered_mlp(meta + "boxRPB_embed_y", hf + "box_rpb_embed_y", {2, d, config.decoder.heads});
  b.parameter(meta + "presence_token.weight", {1, d}, hf + "presence_token.weight");
  b.numbered_mlp(meta + "presence_token_head", hf + "presence_head", {d, d, d, 1});
  b.norm(meta + "presence_token_out_norm", hf + "presence_layer_norm", d);
  b.numbered_mlp(meta + "ref_point_head", hf + "ref_point_head", {2 * d, d, d});
}

void add_mask_head(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const std::string meta = "detector.segmentation_head.";
  const std::string hf = "detector_model.mask_decoder.";
  // Two levels are merged into the coarsest; later stages exist in the checkpoint and are never reached.
  const auto reached = [](int stage) { return stage < 2; };
  for (int i = 0; i < config.pixel_decoder_stages; ++i) {
    const std::string conv = "pixel_decoder.conv_layers." + std::to_string(i);
    b.used_by_image_model(reached(i));
    b.conv(meta + conv, hf + conv, d, d, 3);
  }
  for (int i = 0; i < config.pixel_decoder_stages; ++i) {
    const std::string norm = "pixel_decoder.norms." + std::to_string(i);
    b.used_by_image_model(reached(i));
    b.norm(meta + norm, hf + norm, d);
  }
  b.used_by_image_model(true);
  for (int i = 0; i < 3; ++i) {
    const std::string layer = ".layers." + std::to_string(i);
    b.linear(meta + "mask_predictor.mask_embed" + layer, hf + "mask_embedder" + layer, d, d);
  }
  b.multihead_attention(meta + "cross_attend_prompt", hf + "prompt_cross_attn", d);
  b.norm(meta + "cross_attn_norm", hf + "prompt_cross_attn_norm", d);
  b.used_by_image_model(false);  // the semantic map: the official processor drops it
  b.conv(meta + "semantic_seg_head", hf + "semantic_projection", d, 1, 1);
  b.used_by_image_model(true);
  b.conv(meta + "instance_seg_head", hf + "instance_projection", d, d, 1);
}

void add_scoring(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const std::string meta = "detector.dot_prod_scoring.";
  const std::string hf = "detector_model.dot_product_scoring.";
  b.numbered_mlp(meta + "prompt_mlp", hf + "text_mlp", {d, config.decoder.feed_forward, d});
  b.norm(meta + "prompt_mlp.out_norm", hf + "text_mlp_out_norm", d);
  b.linear(meta + "prompt_proj", hf + "text_proj", d, d);
  b.linear(meta + "hs_proj", hf + "query_proj", d, d);
}

}  // namespace

void add_detector_weights(const Sam3Config& config, WeightsBuilder& builder) {
  add_geometry_encoder(config, builder);
  for (int i = 0; i < config.encoder.layers; ++i)
    add_encoder_layer(config.encoder, config.fpn_width, "detector.transformer.encoder.layers." + std::to_string(i),
                      "detector_model.detr_encoder.layers." + std::to_string(i), builder);
  add_decoder(config, builder);
  add_mask_head(config, builder);
  add_scoring(config, builder);
}

}  // namespace samcache

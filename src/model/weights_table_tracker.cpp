// The tracker: its interactive head (prompt encoder, mask decoder), which the image model runs, and the video memory,
// which it does not.
#include "model/weights_table_parts.h"

namespace samcache {
namespace {

const std::string kMeta = "tracker.";
const std::string kHf = "tracker_model.";

// Separate q, k, v and output projections in both namings.
void add_attention(const std::string& meta, const std::string& hf, int width, int inner, int key_width,
                   WeightsBuilder& b) {
  b.linear(meta + ".q_proj", hf + ".q_proj", width, inner);
  b.linear(meta + ".k_proj", hf + ".k_proj", key_width, inner);
  b.linear(meta + ".v_proj", hf + ".v_proj", key_width, inner);
  b.linear(meta + ".out_proj", hf + ".o_proj", inner, width);
}

void add_memory_tokens(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const MemoryConfig& memory = config.memory;
  b.used_by_image_model(false);
  b.parameter(kMeta + "maskmem_tpos_enc", {memory.frames, 1, 1, memory.channels},
              kHf + "memory_temporal_positional_encoding");
  b.used_by_image_model(true);  // added to the image embedding of every interactive prompt
  b.parameter(kMeta + "no_mem_embed", {1, 1, d}, kHf + "no_memory_embedding");
  b.used_by_image_model(false);
  b.parameter(kMeta + "no_mem_pos_enc", {1, 1, d}, kHf + "no_memory_positional_encoding");
  b.parameter(kMeta + "no_obj_ptr", {1, d}, kHf + "no_object_pointer");
  b.parameter(kMeta + "no_obj_embed_spatial", {1, memory.channels}, kHf + "occlusion_spatial_embedding_parameter");
  b.conv(kMeta + "mask_downsample", kHf + "mask_downsample", 1, 1, 4);
}

void add_memory_attention(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  for (int i = 0; i < config.memory.attention_layers; ++i) {
    const std::string meta = kMeta + "transformer.encoder.layers." + std::to_string(i);
    const std::string hf = kHf + "memory_attention.layers." + std::to_string(i);
    add_attention(meta + ".self_attn", hf + ".self_attn", d, d, d, b);
    add_attention(meta + ".cross_attn_image", hf + ".cross_attn_image", d, d, config.memory.channels, b);
    b.linear(meta + ".linear1", hf + ".linear1", d, config.memory.attention_feed_forward);
    b.linear(meta + ".linear2", hf + ".linear2", config.memory.attention_feed_forward, d);
    for (const char* index : {"1", "2", "3"}) b.norm(meta + ".norm" + index, hf + ".layer_norm" + index, d);
  }
  b.norm(kMeta + "transformer.encoder.norm", kHf + "memory_attention.layer_norm", d);
}

void add_mask_downsampler(const Sam3Config& config, WeightsBuilder& b) {
  const MemoryConfig& memory = config.memory;
  const std::string meta = kMeta + "maskmem_backbone.mask_downsampler.encoder.";
  const std::string hf = kHf + "memory_encoder.mask_downsampler.";
  int level = 0;
  int channels = 1;  // a mask; each level trades resolution for channels
  for (int stride = 1; stride < memory.mask_downsampler_total_stride; stride *= memory.mask_downsampler_stride) {
    const int wider = channels * memory.mask_downsampler_stride * memory.mask_downsampler_stride;
    const std::string layer = hf + "layers." + std::to_string(level);
    b.conv(meta + std::to_string(3 * level), layer + ".conv", channels, wider, memory.mask_downsampler_kernel);
    b.norm(meta + std::to_string(3 * level + 1), layer + ".layer_norm", wider);
    channels = wider;
    ++level;
  }
  b.conv(meta + std::to_string(3 * level), hf + "final_conv", channels, config.fpn_width, 1);
}

void add_memory_encoder(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const MemoryConfig& memory = config.memory;
  const std::string meta = kMeta + "maskmem_backbone.";
  const std::string hf = kHf + "memory_encoder.";
  add_mask_downsampler(config, b);
  b.conv(meta + "pix_feat_proj", hf + "feature_projection", d, d, 1);
  for (int i = 0; i < memory.fuser_layers; ++i) {
    const std::string layer = meta + "fuser.layers." + std::to_string(i);
    const std::string hf_layer = hf + "memory_fuser.layers." + std::to_string(i);
    b.parameter(layer + ".gamma", {d}, hf_layer + ".scale");
    b.conv(layer + ".dwconv", hf_layer + ".depthwise_conv", 1, d, memory.fuser_kernel);
    b.norm(layer + ".norm", hf_layer + ".layer_norm", d);
    b.linear(layer + ".pwconv1", hf_layer + ".pointwise_conv1", d, memory.fuser_intermediate);
    b.linear(layer + ".pwconv2", hf_layer + ".pointwise_conv2", memory.fuser_intermediate, d);
  }
  b.conv(meta + "out_proj", hf + "projection", d, memory.channels, 1);
}

void add_prompt_encoder(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const int channels = config.prompt_encoder.mask_input_channels;
  const std::string meta = kMeta + "sam_prompt_encoder.";
  const std::string hf = kHf + "prompt_encoder.";
  WeightSpec& fourier = b.parameter(meta + "pe_layer.positional_encoding_gaussian_matrix", {2, d / 2},
                                    hf + "shared_embedding.positional_embedding");
  fourier.hf.push_back({.name = kHf + "shared_image_embedding.positional_embedding", .shape = fourier.shape});
  const int points = config.prompt_encoder.point_embeddings;
  for (int i = 0; i < points; ++i) {
    WeightSpec& point = b.meta_only(meta + "point_embeddings." + std::to_string(i) + ".weight", {1, d});
    point.hf = {{hf + "point_embed.weight", HfPiece::Op::kConcatRow, i, points, {points, d}}};
  }
  b.parameter(meta + "not_a_point_embed.weight", {1, d}, hf + "not_a_point_embed.weight");
  b.conv(meta + "mask_downscaling.0", hf + "mask_embed.conv1", 1, channels / 4, 2);
  b.norm(meta + "mask_downscaling.1", hf + "mask_embed.layer_norm1", channels / 4);
  b.conv(meta + "mask_downscaling.3", hf + "mask_embed.conv2", channels / 4, channels, 2);
  b.norm(meta + "mask_downscaling.4", hf + "mask_embed.layer_norm2", channels);
  b.conv(meta + "mask_downscaling.6", hf + "mask_embed.conv3", channels, d, 1);
  b.parameter(meta + "no_mask_embed.weight", {1, d}, hf + "no_mask_embed.weight");
}

void add_two_way_transformer(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const MaskDecoderConfig& head = config.mask_decoder;
  const int inner = d / head.attention_downsample_rate;
  const std::string meta = kMeta + "sam_mask_decoder.transformer.";
  const std::string hf = kHf + "mask_decoder.transformer.";
  for (int i = 0; i < head.layers; ++i) {
    const std::string layer = meta + "layers." + std::to_string(i);
    const std::string hf_layer = hf + "layers." + std::to_string(i);
    add_attention(layer + ".self_attn", hf_layer + ".self_attn", d, d, d, b);
    b.norm(layer + ".norm1", hf_layer + ".layer_norm1", d);
    add_attention(layer + ".cross_attn_token_to_image", hf_layer + ".cross_attn_token_to_image", d, inner, d, b);
    b.norm(layer + ".norm2", hf_layer + ".layer_norm2", d);
    b.linear(layer + ".mlp.lin1", hf_layer + ".mlp.proj_in", d, head.mlp);
    b.linear(layer + ".mlp.lin2", hf_layer + ".mlp.proj_out", head.mlp, d);
    b.norm(layer + ".norm3", hf_layer + ".layer_norm3", d);
    b.norm(layer + ".norm4", hf_layer + ".layer_norm4", d);
    add_attention(layer + ".cross_attn_image_to_token", hf_layer + ".cross_attn_image_to_token", d, inner, d, b);
  }
  add_attention(meta + "final_attn_token_to_image", hf + "final_attn_token_to_image", d, inner, d, b);
  b.norm(meta + "norm_final_attn", hf + "layer_norm_final_attn", d);
}

void add_mask_decoder(const Sam3Config& config, WeightsBuilder& b) {
  const int d = config.fpn_width;
  const MaskDecoderConfig& head = config.mask_decoder;
  const std::string meta = kMeta + "sam_mask_decoder.";
  const std::string hf = kHf + "mask_decoder.";
  add_two_way_transformer(config, b);
  b.parameter(meta + "iou_token.weight", {1, d}, hf + "iou_token.weight");
  b.parameter(meta + "mask_tokens.weight", {head.mask_tokens(), d}, hf + "mask_tokens.weight");
  b.parameter(meta + "obj_score_token.weight", {1, d}, hf + "obj_score_token.weight");
  b.conv_transpose(meta + "output_upscaling.0", hf + "upscale_conv1", d, d / 4);
  b.norm(meta + "output_upscaling.1", hf + "upscale_layer_norm", d / 4);
  b.conv_transpose(meta + "output_upscaling.3", hf + "upscale_conv2", d / 4, d / 8);
  b.conv(meta + "conv_s0", hf + "conv_s0", d, d / 8, 1);
  b.conv(meta + "conv_s1", hf + "conv_s1", d, d / 4, 1);
  for (int i = 0; i < head.mask_tokens(); ++i) {
    const std::string mlp = "output_hypernetworks_mlps." + std::to_string(i);
    b.in_out_mlp(meta + mlp, hf + mlp, {d, d, d, d / 8});
  }
  std::vector<int> iou_widths(static_cast<std::size_t>(head.iou_head_depth) + 1, head.iou_head_hidden);
  iou_widths.front() = d;
  iou_widths.back() = head.mask_tokens();
  b.in_out_mlp(meta + "iou_prediction_head", hf + "iou_prediction_head", iou_widths);
  b.in_out_mlp(meta + "pred_obj_score_head", hf + "pred_obj_score_head", {d, d, d, 1});
}

}  // namespace

void add_tracker_weights(const Sam3Config& config, WeightsBuilder& builder) {
  const int d = config.fpn_width;
  add_memory_tokens(config, builder);
  add_memory_attention(config, builder);
  add_memory_encoder(config, builder);
  builder.used_by_image_model(true);
  add_prompt_encoder(config, builder);
  add_mask_decoder(config, builder);
  builder.used_by_image_model(false);
  builder.in_out_mlp(kMeta + "obj_ptr_proj", kHf + "object_pointer_proj", {d, d, d, d});
  builder.linear(kMeta + "obj_ptr_tpos_proj", kHf + "temporal_positional_encoding_projection_layer", d,
                 config.memory.channels);
  builder.used_by_image_model(true);
}

}  // namespace samcache

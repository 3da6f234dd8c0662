// Sam3Config::to_json: the sections and field names of Hugging Face's Sam3VideoConfig.
#include <nlohmann/json.hpp>

#include "model/config.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

Json vision_json(const Sam3Config& config) {
  const VitConfig& vit = config.vit;
  const int grid = vit.grid();
  return {{"model_type", "sam3_vision_model"},
          {"fpn_hidden_size", config.fpn_width},
          {"backbone_feature_sizes", {{4 * grid, 4 * grid}, {2 * grid, 2 * grid}, {grid, grid}}},
          {"scale_factors", {4.0, 2.0, 1.0, 0.5}},
          {"backbone_config",
           {{"model_type", "sam3_vit_model"},
            {"hidden_size", vit.hidden},
            {"intermediate_size", vit.mlp},
            {"num_hidden_layers", vit.layers},
            {"num_attention_heads", vit.heads},
            {"num_channels", 3},
            {"image_size", vit.image_size},
            {"patch_size", vit.patch},
            {"hidden_act", "gelu"},
            {"rope_theta", vit.rope_theta},
            {"window_size", vit.window},
            {"global_attn_indexes", vit.global_blocks},
            {"pretrain_image_size", vit.pretrain_image_size}}}};
}

Json text_json(const TextConfig& text) {
  return {{"model_type", "clip_text_model"},
          {"vocab_size", text.vocabulary},
          {"hidden_size", text.hidden},
          {"intermediate_size", text.mlp},
          {"projection_dim", text.projection},
          {"num_hidden_layers", text.layers},
          {"num_attention_heads", text.heads},
          {"max_position_embeddings", text.context},
          {"hidden_act", "gelu"}};
}

Json transformer_json(const char* model_type, const DetrConfig& part, int width) {
  return {{"model_type", model_type},
          {"hidden_size", width},
          {"num_layers", part.layers},
          {"num_attention_heads", part.heads},
          {"intermediate_size", part.feed_forward}};
}

Json detector_json(const Sam3Config& config) {
  Json geometry = transformer_json("sam3_geometry_encoder", config.geometry, config.fpn_width);
  geometry["roi_size"] = config.roi_size;
  Json decoder = transformer_json("sam3_detr_decoder", config.decoder, config.fpn_width);
  decoder["num_queries"] = config.queries;
  return {{"model_type", "sam3"},
          {"vision_config", vision_json(config)},
          {"text_config", text_json(config.text)},
          {"geometry_encoder_config", std::move(geometry)},
          {"detr_encoder_config", transformer_json("sam3_detr_encoder", config.encoder, config.fpn_width)},
          {"detr_decoder_config", std::move(decoder)},
          {"mask_decoder_config",
           {{"model_type", "sam3_mask_decoder"},
            {"hidden_size", config.fpn_width},
            {"num_upsampling_stages", config.pixel_decoder_stages},
            {"num_attention_heads", config.segmentation_heads}}}};
}

Json tracker_json(const Sam3Config& config) {
  const MaskDecoderConfig& head = config.mask_decoder;
  const MemoryConfig& memory = config.memory;
  return {{"model_type", "sam3_tracker_video"},
          {"vision_config", vision_json(config)},
          {"image_size", config.vit.image_size},
          {"prompt_encoder_config",
           {{"hidden_size", config.fpn_width},
            {"image_size", config.vit.image_size},
            {"patch_size", config.vit.patch},
            {"mask_input_channels", config.prompt_encoder.mask_input_channels},
            {"num_point_embeddings", config.prompt_encoder.point_embeddings}}},
          {"mask_decoder_config",
           {{"hidden_size", config.fpn_width},
            {"mlp_dim", head.mlp},
            {"num_hidden_layers", head.layers},
            {"num_attention_heads", head.heads},
            {"attention_downsample_rate", head.attention_downsample_rate},
            {"num_multimask_outputs", head.multimask_outputs},
            {"iou_head_depth", head.iou_head_depth},
            {"iou_head_hidden_dim", head.iou_head_hidden},
            {"dynamic_multimask_via_stability", head.stability_fallback},
            {"dynamic_multimask_stability_delta", head.stability_delta},
            {"dynamic_multimask_stability_thresh", head.stability_threshold}}},
          {"num_maskmem", memory.frames},
          {"memory_attention_hidden_size", config.fpn_width},
          {"memory_attention_num_layers", memory.attention_layers},
          {"memory_attention_feed_forward_hidden_size", memory.attention_feed_forward},
          {"memory_attention_rope_feat_sizes", {config.grid(), config.grid()}},
          {"memory_encoder_hidden_size", config.fpn_width},
          {"memory_encoder_output_channels", memory.channels},
          {"mask_downsampler_embed_dim", config.fpn_width},
          {"mask_downsampler_kernel_size", memory.mask_downsampler_kernel},
          {"mask_downsampler_stride", memory.mask_downsampler_stride},
          {"mask_downsampler_total_stride", memory.mask_downsampler_total_stride},
          {"memory_fuser_num_layers", memory.fuser_layers},
          {"memory_fuser_embed_dim", config.fpn_width},
          {"memory_fuser_intermediate_dim", memory.fuser_intermediate},
          {"memory_fuser_kernel_size", memory.fuser_kernel}};
}

}  // namespace

std::string Sam3Config::to_json() const {
  const Json document = {{"architectures", {"Sam3VideoModel"}},
                         {"model_type", "sam3_video"},
                         {"dtype", "float32"},
                         {"low_res_mask_size", low_res_mask_size()},
                         {"detector_config", detector_json(*this)},
                         {"tracker_config", tracker_json(*this)}};
  return document.dump(2) + "\n";
}

}  // namespace samcache

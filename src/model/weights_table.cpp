#include "model/weights_table.h"

#include <utility>

#include "model/weights_table_parts.h"

namespace samcache {

std::vector<std::int64_t> WeightSpec::canonical_shape() const {
  std::vector<std::int64_t> result = shape;
  if (drops_first_row()) --result[1];
  return result;
}

bool WeightSpec::drops_first_row() const { return hf.size() == 1 && hf.front().op == HfPiece::Op::kDropFirst; }

WeightSpec& WeightsBuilder::meta_only(const std::string& meta, Dims shape) {
  WeightSpec& spec = specs_.emplace_back();
  spec.name = meta;
  spec.shape = std::move(shape);
  spec.used_by_image_model = used_;
  spec.optional = optional_;
  return spec;
}

WeightSpec& WeightsBuilder::parameter(const std::string& meta, Dims shape, const std::string& hf) {
  WeightSpec& spec = meta_only(meta, std::move(shape));
  spec.hf = {{.name = hf, .shape = spec.shape}};
  return spec;
}

void WeightsBuilder::affine(const std::string& meta, const std::string& hf, Dims shape, std::int64_t bias) {
  parameter(meta + ".weight", std::move(shape), hf + ".weight");
  parameter(meta + ".bias", {bias}, hf + ".bias");
}

void WeightsBuilder::fused_qkv(const std::string& meta_weight, const std::string& meta_bias, const std::string& hf,
                               int width) {
  const auto add = [&](const std::string& meta, const std::string& kind, Dims fused, const Dims& piece) {
    WeightSpec& spec = meta_only(meta, std::move(fused));
    int index = 0;
    for (const char* projection : {".q_proj.", ".k_proj.", ".v_proj."})
      spec.hf.push_back({hf + projection + kind, HfPiece::Op::kRows, index++, 3, piece});
    spec.hf_fused_names = {hf + ".qkv." + kind, hf + ".qkv_proj." + kind, hf + ".in_proj_" + kind};
  };
  add(meta_weight, "weight", {3 * width, width}, {width, width});
  add(meta_bias, "bias", {3 * width}, {width});
}

void WeightsBuilder::multihead_attention(const std::string& meta, const std::string& hf, int width,
                                         const char* hf_out) {
  fused_qkv(meta + ".in_proj_weight", meta + ".in_proj_bias", hf, width);
  linear(meta + ".out_proj", hf + "." + hf_out, width, width);
}

void WeightsBuilder::numbered_mlp(const std::string& meta, const std::string& hf, const std::vector<int>& widths) {
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
    linear(meta + ".layers." + std::to_string(i), hf + ".layer" + std::to_string(i + 1), widths[i], widths[i + 1]);
}

void WeightsBuilder::in_out_mlp(const std::string& meta, const std::string& hf, const std::vector<int>& widths) {
  const std::size_t layers = widths.size() - 1;
  for (std::size_t i = 0; i < layers; ++i) {
    const std::string place = i == 0 ? ".proj_in" : i + 1 == layers ? ".proj_out" : ".layers." + std::to_string(i - 1);
    linear(meta + ".layers." + std::to_string(i), hf + place, widths[i], widths[i + 1]);
  }
}

std::vector<WeightSpec> weights_table(const Sam3Config& config) {
  WeightsBuilder builder;
  add_vision_weights(config, builder);
  add_text_weights(config, builder);
  add_detector_weights(config, builder);
  add_tracker_weights(config, builder);
  return std::move(builder).take();
}

}  // namespace samcache

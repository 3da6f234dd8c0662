#include "model/weight_init.h"

#include <algorithm>
#include <cmath>

#include "model/weights_table.h"

namespace samcache {
namespace {

std::uint64_t fnv1a64(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return name.ends_with(e); });
}

struct Distribution {
  double base = 0;
  double amplitude = 0;
};

Distribution vector_distribution(std::string_view name) {
  if (name.ends_with(".gamma")) return {0.125, 0.0625};
  if (name.ends_with("weight")) return {1, 0.125};
  if (name.ends_with("presence_token_head.layers.2.bias")) return {1, 0.0625};
  check(name.ends_with("bias"), "generate_weights: no rule for the vector " + std::string(name));
  return {0, 0.0625};
}

// Linear, convolution and transposed convolution weights: unit variance out of unit variance in.
Distribution matrix_distribution(std::string_view name, const std::vector<std::int64_t>& shape) {
  const bool inputs_first = name.find("dconv_2x2") != std::string_view::npos ||
                            name.find("output_upscaling") != std::string_view::npos ||
                            name.ends_with("text_projection");
  std::int64_t fan_in = 1;
  if (inputs_first)
    fan_in = shape[0];
  else
    for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  double gain = 1;
  if (name.ends_with("decoder.bbox_embed.layers.2.weight")) gain = 0.25;
  if (name.ends_with("dot_prod_scoring.hs_proj.weight")) gain = 4;
  if (name.ends_with("sam_mask_decoder.output_hypernetworks_mlps.0.layers.2.weight")) gain = 8;
  return {0, gain * std::sqrt(3.0 / static_cast<double>(fan_in))};
}

Distribution distribution(std::string_view name, const std::vector<std::int64_t>& shape) {
  check(!name.ends_with("freqs_cis") && !shape.empty(), "generate_weights: not a parameter: " + std::string(name));
  if (shape.size() == 1) return vector_distribution(name);
  if (name.ends_with("reference_points.weight")) return {0, 2};
  if (ends_with_any(name,
                    {"token_embedding.weight", "query_embed.weight", "presence_token.weight", "label_embed.weight",
                     "cls_embed.weight", "iou_token.weight", "mask_tokens.weight", "obj_score_token.weight",
                     "not_a_point_embed.weight", "no_mask_embed.weight", "positional_encoding_gaussian_matrix"}) ||
      name.find(".point_embeddings.") != std::string_view::npos)
    return {0, 1};
  if (ends_with_any(name, {"positional_embedding", "pos_embed", "maskmem_tpos_enc", "no_mem_embed", "no_mem_pos_enc",
                           "no_obj_ptr", "no_obj_embed_spatial"}))
    return {0, 0.5};
  return matrix_distribution(name, shape);
}

}  // namespace

void generate_weights(std::string_view meta_name, const std::vector<std::int64_t>& shape, std::int64_t first,
                      std::span<float> out) {
  const auto [base, amplitude] = distribution(meta_name, shape);
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  std::uint64_t state = fnv1a64(meta_name) + static_cast<std::uint64_t>(first) * kGolden;
  for (float& value : out) {
    state += kGolden;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    const double unit = static_cast<double>(static_cast<std::int64_t>(z >> 40)) * 0x1p-23 - 1.0;
    value = static_cast<float>(base + amplitude * unit);
  }
}

Status init_checkpoint(const Sam3Config& config, const std::filesystem::path& out_dir, Naming naming, DType dtype,
                       const WriteProgress& progress) {
  const WeightValues values = [](const WeightSpec& spec, std::int64_t first, std::span<float> out) {
    generate_weights(spec.name, spec.shape, first, out);
  };
  return write_checkpoint(config, out_dir, {.naming = naming, .dtype = dtype}, values, progress);
}

}  // namespace samcache

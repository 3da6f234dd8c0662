#include "model/prompt_encoder.h"

#include <numbers>

namespace samcache {
namespace {

// Centres of the cells of a `side` x `side` grid over the unit square, row by row: [side * side * 2] as (x, y).
std::vector<float> cell_centres(int side) {
  std::vector<float> centres;
  centres.reserve(static_cast<std::size_t>(side) * side * 2);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      centres.push_back((static_cast<float>(x) + 0.5f) / static_cast<float>(side));
      centres.push_back((static_cast<float>(y) + 0.5f) / static_cast<float>(side));
    }
  }
  return centres;
}

}  // namespace

PromptEncoder::PromptEncoder(Ops& ops, const Sam3Config& config, const WeightScope& scope)
    : image_size_(config.vit.image_size),
      gaussian_(scope["pe_layer"].get("positional_encoding_gaussian_matrix", WeightRole::kTable)),
      padding_embedding_(scope["not_a_point_embed"].get("weight", WeightRole::kTable)),
      no_mask_(ops.reshape(scope["no_mask_embed"].get("weight", WeightRole::kTable), {1, config.fpn_width, 1, 1})),
      mask_conv1_(scope["mask_downscaling"][0], 2, 0),
      mask_conv2_(scope["mask_downscaling"][3], 2, 0),
      mask_conv3_(scope["mask_downscaling"][6], 1, 0),
      mask_norm1_(scope["mask_downscaling"][1]),
      mask_norm2_(scope["mask_downscaling"][4]) {
  for (int label = 0; label < 4; ++label) {
    label_embeddings_[label] = scope["point_embeddings"][label].get("weight", WeightRole::kTable);
  }
  const int grid = config.grid();
  const Value centres = ops.constant({1, grid * grid, 2}, cell_centres(grid));
  image_positions_ = map_from_tokens(ops, fourier(ops, centres), grid, grid);
}

Value PromptEncoder::fourier(Ops& ops, const Value& unit) const {
  const Value projected = ops.matmul(ops.affine(unit, 2.0f, -1.0f), gaussian_);
  const Value angle = ops.affine(projected, 2.0f * std::numbers::pi_v<float>, 0.0f);
  return ops.concat({ops.sin(angle), ops.cos(angle)}, -1);
}

Value PromptEncoder::sparse(Ops& ops, const Value& coordinates, const Value& labels) const {
  ops.tap("pe/points_in", coordinates);
  ops.tap("pe/labels_in", labels);
  // Half a pixel: a coordinate names the pixel, its position is the pixel's centre.
  const Value centred = ops.affine(coordinates, 1.0f, 0.5f);
  const Value unit = ops.affine(centred, 1.0f / static_cast<float>(image_size_), 0.0f);
  const Value label = ops.reshape(labels, {0, 0, 1});

  const Value padding = ops.equals(label, static_cast<float>(PointLabel::kPadding));
  const Value is_point = ops.clamp(ops.affine(label, 1.0f, 1.0f), 0.0f, 1.0f);  // every label from 0 on
  Value embedding = ops.mul(fourier(ops, unit), is_point);
  embedding = ops.add(embedding, ops.mul(padding, padding_embedding_));
  for (int i = 0; i < 4; ++i) {
    embedding = ops.add(embedding, ops.mul(ops.equals(label, static_cast<float>(i)), label_embeddings_[i]));
  }
  ops.tap("pe/sparse", embedding);
  return embedding;
}

Value PromptEncoder::dense(Ops& ops, const Value& mask) const {
  Value x = ops.gelu(mask_norm1_(ops, mask_conv1_(ops, mask)));
  x = ops.gelu(mask_norm2_(ops, mask_conv2_(ops, x)));
  x = mask_conv3_(ops, x);
  ops.tap("pe/mask_embed", x);
  return x;
}

}  // namespace samcache

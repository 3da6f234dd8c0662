#include "model/geometry_encoder.h"

#include "base/error.h"
#include "model/region_sampling.h"

namespace samcache {
namespace {

// What each region reads off `map` [1, C, H, W]: [N, C, size, size].
Value sample(Ops& ops, const Value& map, const SamplingWeights& weights, int grid, int size) {
  const auto regions = static_cast<std::int64_t>(weights.rows.size()) / (static_cast<std::int64_t>(grid) * size);
  const Value rows = ops.constant({regions, size, grid}, weights.rows);
  const Value columns = ops.constant({regions * size, grid}, weights.columns);
  // [1, H, C, W] x [W, N * size] -> [H, C, N, size] -> [N, H, C * size]
  const Value by_column = ops.matmul(ops.permute(map, {0, 2, 1, 3}), ops.permute(columns, {1, 0}));
  const Value apart = ops.permute(ops.reshape(by_column, {grid, -1, regions, size}), {2, 0, 1, 3});
  const Value sampled = ops.matmul(rows, ops.reshape(apart, {regions, grid, -1}));  // [N, size, C * size]
  return ops.permute(ops.reshape(sampled, {regions, size, -1, size}), {0, 2, 1, 3});
}

template <class Shapes>
Value labels_of(Ops& ops, const Shapes& shapes) {
  std::vector<std::int64_t> labels;
  for (const auto& shape : shapes) labels.push_back(shape.positive ? 1 : 0);
  return ops.integers({1, static_cast<std::int64_t>(labels.size())}, labels);
}

ExemplarBoxes exemplar_boxes(Ops& ops, const Value& map, const std::vector<GeometryPrompt::Box>& boxes, int grid,
                             int roi_size) {
  std::vector<float> cxcywh;
  std::vector<std::array<float, 4>> corners;
  for (const GeometryPrompt::Box& box : boxes) {
    const auto& [cx, cy, w, h] = box.cxcywh;
    cxcywh.insert(cxcywh.end(), {cx, cy, w, h});
    corners.push_back({cx - 0.5f * w, cy - 0.5f * h, cx + 0.5f * w, cy + 0.5f * h});
  }
  return {ops.constant({1, static_cast<std::int64_t>(boxes.size()), 4}, cxcywh), labels_of(ops, boxes),
          sample(ops, map, roi_align_weights(corners, grid, grid, roi_size), grid, roi_size)};
}

}  // namespace

GeometryEncoder::GeometryEncoder(Ops& ops, const Sam3Config& config, const WeightScope& scope)
    : grid_(config.grid()),
      width_(config.fpn_width),
      roi_size_(config.roi_size),
      sine_(ops, config.fpn_width),
      label_embed_(scope["label_embed"].get("weight", WeightRole::kTable)),
      cls_embed_(ops.reshape(scope["cls_embed"].get("weight", WeightRole::kTable), {1, 1, -1})),
      boxes_direct_(scope.exact()["boxes_direct_project"]),
      boxes_position_(scope.exact()["boxes_pos_enc_project"]),
      boxes_pool_(scope.exact()["boxes_pool_project"], config.roi_size, 0),
      final_proj_(scope.exact()["final_proj"]),
      norm_(scope["norm"]),
      image_norm_(scope["img_pre_norm"]),
      encode_norm_(scope["encode_norm"]) {
  if (scope.has("points_direct_project.weight")) {
    const WeightScope exact = scope.exact();
    points_ = PointProjections{Linear(exact["points_direct_project"]), Linear(exact["points_pool_project"]),
                               Linear(exact["points_pos_enc_project"])};
  }
  for (int i = 0; i < config.geometry.layers; ++i) {
    layers_.emplace_back(ops, config.geometry, config.fpn_width, LayerTokens::kPrompt, scope["encode"][i]);
  }
}

GeometryEncoder::ImagePart GeometryEncoder::prepare(Ops& ops, const Value& image, const Value& positions) const {
  const Ops::TapScope scope(ops, "geo/");
  ImagePart part;
  const Value normed = image_norm_(ops, image);
  ops.tap("img_pre_norm", normed);
  part.pooled_from = map_from_tokens(ops, normed, grid_, grid_);
  const Value placed = ops.add(image, positions);
  for (const EncoderLayer& layer : layers_) part.keys_values.push_back(layer.cross_keys_values(ops, placed, image));
  part.no_exemplars = encode(ops, part, cls_embed_);
  return part;
}

Value GeometryEncoder::operator()(Ops& ops, const ImagePart& image, const GeometryPrompt& prompt) const {
  if (prompt.empty()) return image.no_exemplars;
  const Ops::TapScope scope(ops, "geo/");
  std::vector<Value> sequence;
  if (!prompt.points.empty()) sequence.push_back(point_tokens(ops, image.pooled_from, prompt.points));
  if (!prompt.boxes.empty()) {
    sequence.push_back(box_tokens(ops, exemplar_boxes(ops, image.pooled_from, prompt.boxes, grid_, roi_size_)));
  }
  sequence.push_back(cls_embed_);
  return encode(ops, image, ops.concat(sequence, 1));
}

Value GeometryEncoder::operator()(Ops& ops, const ImagePart& image, const ExemplarBoxes& boxes) const {
  const Ops::TapScope scope(ops, "geo/");
  return encode(ops, image, ops.concat({box_tokens(ops, boxes), cls_embed_}, 1));
}

Value GeometryEncoder::box_tokens(Ops& ops, const ExemplarBoxes& boxes) const {
  const Value direct = boxes_direct_(ops, boxes.cxcywh);
  ops.tap("boxes_direct", direct);

  ops.tap("boxes_roi", boxes.regions);
  const Value pooled = boxes_pool_(ops, boxes.regions);  // [N, d, 1, 1]
  ops.tap("boxes_pool", pooled);

  const auto column = [&](int i) { return ops.slice(boxes.cxcywh, -1, i, i + 1); };
  // Rows come first: in the code of the centre, and of the sides.
  const Value code = ops.reshape(sine_(ops, ops.concat({column(1), column(0)}, -1)), {0, 0, -1});
  const Value position = ops.concat({code, column(3), column(2)}, -1);
  ops.tap("boxes_posenc_in", position);
  const Value placed = boxes_position_(ops, position);
  ops.tap("boxes_posenc", placed);

  const Value tokens = ops.add(ops.add(direct, ops.reshape(pooled, {1, -1, width_})), placed);
  return ops.add(tokens, ops.embedding(label_embed_, boxes.labels));
}

Value GeometryEncoder::point_tokens(Ops& ops, const Value& map,
                                    const std::vector<GeometryPrompt::Point>& points) const {
  check(points_.has_value(), "GeometryEncoder: points, but no weights for them");
  const auto count = static_cast<std::int64_t>(points.size());
  std::vector<float> xy;
  std::vector<std::array<float, 2>> places;
  for (const GeometryPrompt::Point& point : points) {
    xy.insert(xy.end(), point.xy.begin(), point.xy.end());
    places.push_back(point.xy);
  }
  const Value coordinates = ops.constant({1, count, 2}, xy);
  const Value direct = points_->direct(ops, coordinates);
  ops.tap("points_direct", direct);

  const Value read = ops.reshape(sample(ops, map, point_weights(places, grid_, grid_), grid_, 1), {1, count, -1});
  ops.tap("points_pool_in", read);
  const Value pooled = points_->pool(ops, read);
  ops.tap("points_pool", pooled);

  const Value code = ops.reshape(sine_(ops, coordinates), {0, 0, -1});
  ops.tap("points_posenc_in", code);
  const Value placed = points_->position(ops, code);
  ops.tap("points_posenc", placed);

  return ops.add(ops.add(ops.add(direct, pooled), placed), ops.embedding(label_embed_, labels_of(ops, points)));
}

Value GeometryEncoder::encode(Ops& ops, const ImagePart& image, const Value& tokens) const {
  ops.tap("final_proj_in", tokens);
  Value x = norm_(ops, final_proj_(ops, tokens));
  ops.tap("norm", x);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Ops::TapScope scope(ops, "layer" + std::to_string(i));
    x = layers_[i].self_attend(ops, x, {});
    x = layers_[i].cross_attend_and_mix(ops, x, layers_[i].cross_queries(ops, x), image.keys_values[i]);
    ops.tap("", x);
  }
  x = encode_norm_(ops, x);
  ops.tap("out", x);
  return x;
}

}  // namespace samcache

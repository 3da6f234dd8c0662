#include "model/detr_decoder.h"

#include <numbers>

namespace samcache {
namespace {

constexpr float kInverseSigmoidEps = 1e-3f;
constexpr float kBiasScale = 8.0f;  // deltas are multiplied by this before the logarithm,
constexpr float kBiasBits = 3.0f;   // and log2 of that scale divides it after

Value zeros(Ops& ops, const Shape& shape) {
  std::int64_t size = 1;
  for (const std::int64_t side : shape) size *= side;
  return ops.constant(shape, std::vector<float>(static_cast<std::size_t>(size)));
}

Value column(Ops& ops, const Value& x, int i) { return ops.slice(x, -1, i, i + 1); }

// ln(max(x, eps) / max(1 - x, eps)) for x in 0..1
Value inverse_sigmoid(Ops& ops, const Value& x) {
  const Value odds_for = ops.log(ops.clamp(x, kInverseSigmoidEps, 1.0f));
  const Value odds_against = ops.log(ops.clamp(ops.affine(x, -1.0f, 1.0f), kInverseSigmoidEps, 1.0f));
  return ops.add(odds_for, ops.affine(odds_against, -1.0f, 0.0f));
}

// sign(x) * log2(|8 x| + 1) / 3, the two signs apart: log(relu(8x) + 1) - log(relu(-8x) + 1)
Value signed_log(Ops& ops, const Value& x) {
  const auto half = [&](float sign) {
    return ops.log(ops.affine(ops.relu(ops.affine(x, sign * kBiasScale, 0.0f)), 1.0f, 1.0f));
  };
  return ops.affine(ops.add(half(1.0f), ops.affine(half(-1.0f), -1.0f, 0.0f)),
                    1.0f / (std::numbers::ln2_v<float> * kBiasBits), 0.0f);
}

}  // namespace

DetrDecoder::Layer::Layer(Ops& ops, const DetrConfig& config, int width, const WeightScope& scope)
    : self_attention(ProjectedAttention::fused(ops, scope["self_attn"], config.heads, width, ImageSide::kNone)),
      prompt_attention(ProjectedAttention::fused(ops, scope["ca_text"], config.heads, width, ImageSide::kNone)),
      image_attention(
          ProjectedAttention::fused(ops, scope["cross_attn"], config.heads, width, ImageSide::kKeysAndValues)),
      norm1(scope["norm1"]),
      norm2(scope["norm2"]),
      norm3(scope["norm3"]),
      catext_norm(scope["catext_norm"]),
      feed_forward(scope.exact()) {}

DetrDecoder::DetrDecoder(Ops& ops, const Sam3Config& config, const WeightScope& scope)
    : queries_(config.queries),
      sine_(ops, config.fpn_width),
      query_embed_(ops.reshape(scope["query_embed"].get("weight", WeightRole::kTable), {1, config.queries, -1})),
      reference_boxes_(ops.sigmoid(
          ops.reshape(scope["reference_points"].get("weight", WeightRole::kTable), {1, config.queries, 4}))),
      presence_token_(ops.reshape(scope["presence_token"].get("weight", WeightRole::kTable), {1, 1, -1})),
      presence_position_(zeros(ops, {1, 1, config.fpn_width})),
      presence_bias_(zeros(ops, {1, config.decoder.heads, 1, config.grid()})),
      norm_(scope["norm"]),
      presence_norm_(scope["presence_token_out_norm"]),
      box_head_(scope.exact()["bbox_embed"], 3),
      row_bias_mlp_(scope.exact()["boxRPB_embed_y"], 2),
      column_bias_mlp_(scope.exact()["boxRPB_embed_x"], 2),
      presence_head_(scope.exact()["presence_token_head"], 3),
      position_head_(scope.exact()["ref_point_head"], 2) {
  std::vector<float> line;
  for (int i = 0; i < config.grid(); ++i) line.push_back(static_cast<float>(i) / static_cast<float>(config.grid()));
  grid_line_ = ops.constant({1, 1, config.grid(), 1}, line);
  for (int i = 0; i < config.decoder.layers; ++i) {
    layers_.emplace_back(ops, config.decoder, config.fpn_width, scope["layers"][i]);
  }
}

DecodedQueries DetrDecoder::operator()(Ops& ops, const Value& memory, const Value& positions, const Value& prompt,
                                       const Value& prompt_bias) const {
  const Value placed_memory = ops.add(memory, positions);
  const Context context{memory, placed_memory, prompt, prompt_bias};
  const auto for_batch = [&](const Value& x) { return ops.repeat_for_batch(x, memory); };
  Value tokens = ops.concat({for_batch(presence_token_), for_batch(query_embed_)}, 1);
  DecodedQueries out;
  out.boxes = for_batch(reference_boxes_);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Ops::TapScope scope(ops, "dec/layer" + std::to_string(i));
    ops.tap(".ref_boxes", out.boxes);
    const Value query_pos = query_positions(ops, out.boxes);
    const Value token_positions = ops.concat({for_batch(presence_position_), query_pos}, 1);
    tokens = run_layer(ops, layers_[i], context, tokens, token_positions, box_bias(ops, out.boxes));
    const Value presence = ops.slice(tokens, 1, 0, 1);
    const Value queries = ops.slice(tokens, 1, 1, 1 + queries_);
    ops.tap("", queries);
    ops.tap(".presence", presence);
    out.features = norm_(ops, queries);
    ops.tap(".hs", out.features);
    out.boxes = refine(ops, out.boxes, out.features);
    out.presence = ops.reshape(presence_head_(ops, presence_norm_(ops, presence)), {0, 1});
    ops.tap(".presence_logit", out.presence);
  }
  return out;
}

Value DetrDecoder::run_layer(Ops& ops, const Layer& layer, const Context& context, const Value& tokens,
                             const Value& positions, const BoxBias& bias) const {
  Value placed = ops.add(tokens, positions);
  Value attended = layer.self_attention(ops, placed, placed, tokens);
  ops.tap(".self_attn", attended);
  Value x = layer.norm2(ops, ops.add(tokens, attended));
  ops.tap(".norm2", x);

  attended = layer.prompt_attention(ops, ops.add(x, positions), context.prompt, context.prompt, context.prompt_bias);
  ops.tap(".ca_text", attended);
  x = layer.catext_norm(ops, ops.add(x, attended));
  ops.tap(".catext_norm", x);

  const KeysValues image = layer.image_attention.project_keys_values(ops, context.placed_memory, context.memory);
  const Value queries = layer.image_attention.project_queries(ops, ops.add(x, positions));
  attended = layer.image_attention.attend_grid(ops, queries, image, bias.rows, bias.columns);
  ops.tap(".cross_attn", attended);
  x = layer.norm1(ops, ops.add(x, attended));
  ops.tap(".norm1", x);

  return layer.norm3(ops, ops.add(x, layer.feed_forward(ops, x)));
}

Value DetrDecoder::query_positions(Ops& ops, const Value& boxes) const {
  const Value code = sine_(ops, boxes);  // [B, Q, 4, d / 2] of cx, cy, w, h
  const auto part = [&](int i) { return ops.slice(code, 2, i, i + 1); };
  const Value sine = ops.reshape(ops.concat({part(1), part(0), part(2), part(3)}, 2), {0, 0, -1});
  ops.tap(".query_sine", sine);
  const Value positions = position_head_(ops, sine);
  ops.tap(".query_pos", positions);
  return positions;
}

DetrDecoder::BoxBias DetrDecoder::box_bias(Ops& ops, const Value& boxes) const {
  const auto edge = [&](int centre, int side, float sign) {
    return ops.add(column(ops, boxes, centre), ops.affine(column(ops, boxes, side), 0.5f * sign, 0.0f));
  };
  BoxBias bias;
  bias.rows = axis_bias(ops, row_bias_mlp_, edge(1, 3, -1.0f), edge(1, 3, 1.0f));
  bias.columns = axis_bias(ops, column_bias_mlp_, edge(0, 2, -1.0f), edge(0, 2, 1.0f));
  if (ops.tapping()) ops.tap(".rpb", ops.slice(ops.grid_bias(bias.rows, bias.columns), 2, 1, 1 + queries_));
  return bias;
}

Value DetrDecoder::axis_bias(Ops& ops, const ReluMlp& mlp, const Value& low, const Value& high) const {
  const auto delta = [&](const Value& edge) {  // [B, Q, G, 1]
    return ops.add(grid_line_, ops.affine(ops.reshape(edge, {0, 0, 1, 1}), -1.0f, 0.0f));
  };
  const Value deltas = signed_log(ops, ops.concat({delta(low), delta(high)}, -1));
  const Value by_head = ops.permute(mlp(ops, deltas), {0, 3, 1, 2});  // [B, heads, Q, G]
  return ops.concat({ops.repeat_for_batch(presence_bias_, by_head), by_head}, 2);
}

Value DetrDecoder::refine(Ops& ops, const Value& boxes, const Value& features) const {
  return ops.sigmoid(ops.add(inverse_sigmoid(ops, boxes), box_head_(ops, features)));
}

}  // namespace samcache

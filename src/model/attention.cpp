#include "model/attention.h"

namespace samcache {
namespace {

bool narrow_queries(ImageSide image) { return image == ImageSide::kQueries || image == ImageSide::kAll; }
bool narrow_keys(ImageSide image) { return image == ImageSide::kKeysAndValues || image == ImageSide::kAll; }

WeightScope exact_unless(bool narrow, const WeightScope& scope) { return narrow ? scope : scope.exact(); }

// Rows [part * width, (part + 1) * width) of the fused projection.
Linear in_projection(Ops& ops, const WeightScope& scope, int part, int width) {
  Linear linear(scope, "in_proj_");
  const std::int64_t first = static_cast<std::int64_t>(part) * width;
  linear.weight = ops.slice(linear.weight, 0, first, first + width);
  linear.bias = ops.slice(linear.bias, 0, first, first + width);
  return linear;
}

}  // namespace

ProjectedAttention ProjectedAttention::separate(const WeightScope& scope, int heads, int width, ImageSide image) {
  ProjectedAttention attention(heads, width);
  attention.q_proj_ = Linear(exact_unless(narrow_queries(image), scope["q_proj"]));
  attention.k_proj_ = Linear(exact_unless(narrow_keys(image), scope["k_proj"]));
  attention.v_proj_ = Linear(exact_unless(narrow_keys(image), scope["v_proj"]));
  attention.out_proj_ = Linear(exact_unless(narrow_queries(image), scope["out_proj"]));
  return attention;
}

ProjectedAttention ProjectedAttention::fused(Ops& ops, const WeightScope& scope, int heads, int width,
                                             ImageSide image) {
  ProjectedAttention attention(heads, width);
  attention.q_proj_ = in_projection(ops, exact_unless(narrow_queries(image), scope), 0, width);
  attention.k_proj_ = in_projection(ops, exact_unless(narrow_keys(image), scope), 1, width);
  attention.v_proj_ = in_projection(ops, exact_unless(narrow_keys(image), scope), 2, width);
  attention.out_proj_ = Linear(exact_unless(narrow_queries(image), scope["out_proj"]));
  return attention;
}

Value ProjectedAttention::operator()(Ops& ops, const Value& q, const Value& k, const Value& v,
                                     const Value& bias) const {
  return attend(ops, project_queries(ops, q), project_keys_values(ops, k, v), bias);
}

KeysValues ProjectedAttention::project_keys_values(Ops& ops, const Value& k, const Value& v) const {
  return {k_proj_(ops, k), v_proj_(ops, v)};
}

Value ProjectedAttention::attend(Ops& ops, const Value& projected_queries, const KeysValues& projected,
                                 const Value& bias) const {
  return out_proj_(ops, ops.attention(projected_queries, projected.keys, projected.values, heads_, head_dim_, bias));
}

Value ProjectedAttention::attend_grid(Ops& ops, const Value& projected_queries, const KeysValues& projected,
                                      const Value& row_bias, const Value& column_bias) const {
  return out_proj_(ops, ops.grid_attention(projected_queries, projected.keys, projected.values, heads_, head_dim_,
                                           row_bias, column_bias));
}

}  // namespace samcache

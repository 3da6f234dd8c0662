#include "model/ops.h"

#include <cmath>

namespace samcache {
namespace {

// x [B, N, C] -> [B, heads, N, head_dim]
Value split_heads(Ops& ops, const Value& x, int heads, int head_dim) {
  return ops.permute(ops.reshape(x, {0, 0, heads, head_dim}), {0, 2, 1, 3});
}

// q, k, v [B, heads, N, head_dim] -> [B, Nq, C]
Value attend(Ops& ops, const Value& q, const Value& k, const Value& v, int heads, int head_dim, const Value& bias) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  Value logits = ops.matmul(ops.affine(q, scale, 0.0f), ops.permute(k, {0, 1, 3, 2}));
  if (bias) logits = ops.add(logits, bias);
  const Value out = ops.matmul(ops.softmax(logits), v);
  return ops.reshape(ops.permute(out, {0, 2, 1, 3}), {0, 0, static_cast<std::int64_t>(heads) * head_dim});
}

}  // namespace

Value Ops::layer_norm_2d(const Value& x, const Value& weight, const Value& bias, float eps) {
  const Value channels_last = permute(x, {0, 2, 3, 1});
  return permute(layer_norm(channels_last, weight, bias, eps), {0, 3, 1, 2});
}

Value Ops::attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim, const Value& bias) {
  return attend(*this, split_heads(*this, q, heads, head_dim), split_heads(*this, k, heads, head_dim),
                split_heads(*this, v, heads, head_dim), heads, head_dim, bias);
}

Value Ops::grid_attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim,
                          const Value& row_bias, const Value& column_bias) {
  return attention(q, k, v, heads, head_dim, grid_bias(row_bias, column_bias));
}

Value Ops::relu_mlp(const Value& x, const Value& weight1, const Value& bias1, const Value& weight2,
                    const Value& bias2) {
  return linear(linear(x, weight1, bias1, Activation::kRelu), weight2, bias2);
}

Value Ops::upsampled_conv2d(const Value& x, const Value& weight, const Value& bias) {
  return conv2d(upsample_nearest_2x(x), weight, bias, 1, 1);
}

Value Ops::rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) {
  const std::int64_t channels = static_cast<std::int64_t>(heads) * table.head_dim;
  const Value q = rotate_heads(slice(qkv, -1, 0, channels), table, heads);
  const Value k = rotate_heads(slice(qkv, -1, channels, 2 * channels), table, heads);
  const Value v = split_heads(*this, slice(qkv, -1, 2 * channels, 3 * channels), heads, table.head_dim);
  tap("q_rope", q);
  tap("k_rope", k);
  return attend(*this, q, k, v, heads, table.head_dim, {});
}

Value Ops::grid_bias(const Value& row_bias, const Value& column_bias) {
  const Value by_row = reshape(row_bias, {0, 0, 0, -1, 1});
  const Value by_column = reshape(column_bias, {0, 0, 0, 1, -1});
  return reshape(add(by_row, by_column), {0, 0, 0, -1});
}

Value Ops::rotate_heads(const Value& x, const RotaryTable& table, int heads) {
  const int pairs = table.head_dim / 2;
  const Value split = reshape(x, {0, 0, heads, pairs, 2});
  const Value re = slice(split, -1, 0, 1);
  const Value im = slice(split, -1, 1, 2);
  const Value cos_table = reshape(table.cos, {1, -1, 1, pairs, 1});
  const Value sin_table = reshape(table.sin, {1, -1, 1, pairs, 1});
  const Value turned_re = add(mul(re, cos_table), affine(mul(im, sin_table), -1.0f, 0.0f));
  const Value turned_im = add(mul(re, sin_table), mul(im, cos_table));
  const Value turned = reshape(concat({turned_re, turned_im}, -1), {0, 0, heads, table.head_dim});
  return permute(turned, {0, 2, 1, 3});
}

}  // namespace samcache

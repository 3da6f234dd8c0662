// For libtorch without a fused attention (before 2.0): a few heads and query rows at a time, so that the logits of a
// global block (16 heads of 5184 x 5184) never exist all at once and each piece stays near the cache.
#include <algorithm>
#include <cmath>

#include "engine/torch_attention.h"

namespace samcache {
namespace {

constexpr std::int64_t kMaxLogits = 2 << 20;  // elements at a time: 8 MiB in float32
constexpr std::int64_t kMinRows = 64;         // fewer would starve the matrix product

}  // namespace

at::Tensor attend_heads(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias) {
  const std::int64_t all_heads = q.size(0) * q.size(1);
  const std::int64_t queries = q.size(2);
  const at::Tensor scaled = (q * (1.0 / std::sqrt(static_cast<double>(q.size(-1))))).flatten(0, 1);
  const at::Tensor keys = k.flatten(0, 1).transpose(1, 2);
  const at::Tensor values = v.flatten(0, 1);
  at::Tensor all_bias;  // [B * H, Nq or 1, Nk]
  if (bias.defined()) all_bias = bias.expand({q.size(0), q.size(1), bias.size(2), k.size(2)}).flatten(0, 1);
  const std::int64_t rows = std::min(queries, std::max(kMaxLogits / k.size(2), kMinRows));
  const std::int64_t heads = std::clamp<std::int64_t>(kMaxLogits / (rows * k.size(2)), 1, all_heads);
  std::vector<at::Tensor> by_heads;
  for (std::int64_t head = 0; head < all_heads; head += heads) {
    const std::int64_t head_end = std::min(head + heads, all_heads);
    std::vector<at::Tensor> by_rows;
    for (std::int64_t row = 0; row < queries; row += rows) {
      const at::Tensor some = scaled.slice(0, head, head_end).slice(1, row, std::min(row + rows, queries));
      at::Tensor logits = at::bmm(some, keys.slice(0, head, head_end));
      if (all_bias.defined()) {
        const at::Tensor shift = all_bias.slice(0, head, head_end);
        logits = logits + (shift.size(1) == 1 ? shift : shift.slice(1, row, std::min(row + rows, queries)));
      }
      by_rows.push_back(at::bmm(at::softmax(logits, -1), values.slice(0, head, head_end)));
    }
    by_heads.push_back(by_rows.size() == 1 ? by_rows[0] : at::cat(by_rows, 1));
  }
  const at::Tensor out = by_heads.size() == 1 ? by_heads[0] : at::cat(by_heads, 0);
  return out.view({q.size(0), q.size(1), queries, v.size(-1)});
}

}  // namespace samcache

// For libtorch without a fused attention (before 2.0): query rows in chunks, so that the logits of a global block
// (16 heads of 5184 x 5184) never exist all at once.
#include <algorithm>
#include <cmath>

#include "engine/torch_attention.h"

namespace samcache {
namespace {

constexpr std::int64_t kMaxLogits = 16 << 20;  // elements at a time: 64 MiB in float32

}  // namespace

at::Tensor attend_heads(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const at::Tensor scaled = q * (1.0 / std::sqrt(static_cast<double>(q.size(-1))));
  const at::Tensor keys = k.transpose(-1, -2);
  const std::int64_t per_row = std::max<std::int64_t>(q.size(0) * q.size(1) * k.size(2), 1);
  const std::int64_t rows = std::max<std::int64_t>(kMaxLogits / per_row, 1);
  if (rows >= q.size(2)) return at::matmul(at::softmax(at::matmul(scaled, keys), -1), v);
  std::vector<at::Tensor> parts;
  for (std::int64_t begin = 0; begin < q.size(2); begin += rows) {
    const at::Tensor chunk = scaled.slice(2, begin, std::min(begin + rows, q.size(2)));
    parts.push_back(at::matmul(at::softmax(at::matmul(chunk, keys), -1), v));
  }
  return at::cat(parts, 2);
}

}  // namespace samcache

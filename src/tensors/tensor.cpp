#include "tensors/tensor.h"

#include <limits>

namespace samcache {
namespace {

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::optional<std::uint64_t> element_count(std::span<const std::int64_t> shape) {
  // A zero anywhere makes the product zero, but never excuses an overflow of the other dimensions: the reference
  // library refuses [2^40, 2^40, 0] and so do we, whatever the order.
  std::uint64_t count = 1;
  bool has_zero = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (dimension == 0) {
      has_zero = true;
      continue;
    }
    const auto factor = static_cast<std::uint64_t>(dimension);
    if (count > kMaxSize / factor) return std::nullopt;
    count *= factor;
  }
  return has_zero ? 0 : count;
}

std::optional<std::uint64_t> tensor_size_bytes(DType dtype, std::span<const std::int64_t> shape) {
  const std::optional<std::uint64_t> count = element_count(shape);
  const std::uint64_t bits = dtype_bits(dtype);
  if (!count || *count > kMaxSize / bits) return std::nullopt;
  if (*count * bits % 8 != 0) return std::nullopt;
  return *count * bits / 8;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace samcache

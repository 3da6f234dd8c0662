// A named block of numbers: row-major, little-endian, immutable.
//
// Copying a Tensor copies the name and the shape and shares the data, so tensors that come from a mapped file keep the
// mapping alive and cost no memory of their own. data.size() always equals tensor_size_bytes(dtype, shape).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tensors/dtype.h"

namespace samcache {

struct Tensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;  // [] is a scalar: one element
  SharedBytes data;                 // may start at any address if the file put it there: see SharedBytes::aligned

  std::size_t rank() const { return shape.size(); }
};

// Number of elements; nothing when a dimension is negative or the product does not fit 63 bits.
std::optional<std::uint64_t> element_count(std::span<const std::int64_t> shape);

// Size in bytes; nothing when element_count has none, when the size does not fit 63 bits, or when packed elements do
// not fill whole bytes.
std::optional<std::uint64_t> tensor_size_bytes(DType dtype, std::span<const std::int64_t> shape);

// "[1, 1024, 72, 72]": for messages.
std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace samcache

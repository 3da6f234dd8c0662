#include "onnx/stored_data.h"

#include <algorithm>

#include "base/error.h"
#include "tensors/cast.h"

namespace samcache {
namespace {

constexpr std::int64_t kTile = 32;  // of a transpose: a tile's rows and columns stay in the cache

template <class Element>
SharedBytes transposed(ByteSpan bytes, std::int64_t rows) {
  const auto columns = static_cast<std::int64_t>(bytes.size() / sizeof(Element)) / rows;
  AlignedBuffer buffer(bytes.size());
  const auto* from = reinterpret_cast<const Element*>(bytes.data());
  const std::span<Element> to = buffer.as<Element>();
  for (std::int64_t first_row = 0; first_row < rows; first_row += kTile) {
    for (std::int64_t first_column = 0; first_column < columns; first_column += kTile) {
      for (std::int64_t row = first_row; row < std::min(first_row + kTile, rows); ++row) {
        for (std::int64_t column = first_column; column < std::min(first_column + kTile, columns); ++column) {
          to[static_cast<std::size_t>(column * rows + row)] = from[row * columns + column];
        }
      }
    }
  }
  return std::move(buffer).share();
}

// Of the whole weight.
Result<Tensor> source_of(const StoredTensor& tensor, const Checkpoint& checkpoint) {
  if (tensor.weight.empty()) return Tensor{tensor.name, tensor.dtype, tensor.source_shape, tensor.bytes};
  return checkpoint.tensor(tensor.weight);
}

bool has_infinite_halves(ByteSpan bytes) {
  constexpr std::uint16_t kExponent = 0x7c00;
  const std::span halves(reinterpret_cast<const std::uint16_t*>(bytes.data()), bytes.size() / sizeof(std::uint16_t));
  return std::any_of(halves.begin(), halves.end(), [](std::uint16_t half) { return (half & kExponent) == kExponent; });
}

}  // namespace

Result<SharedBytes> stored_bytes(const StoredTensor& tensor, const Checkpoint& checkpoint) {
  Result<Tensor> source = source_of(tensor, checkpoint);
  if (!source) return source.error();
  check(source->shape == tensor.source_shape, "stored_bytes: " + tensor.weight + " has another shape");
  const std::int64_t all_rows = source->shape.empty() ? 1 : source->shape[0];
  const std::size_t row_bytes = all_rows == 0 ? 0 : source->data.size() / static_cast<std::size_t>(all_rows);
  source->data = source->data.slice(static_cast<std::size_t>(tensor.first_row) * row_bytes,
                                    static_cast<std::size_t>(tensor.row_count) * row_bytes);
  if (!source->shape.empty()) source->shape[0] = tensor.row_count;
  if (source->dtype != tensor.dtype) {
    source = cast_tensor(*source, tensor.dtype);
    if (!source) return source.error();
    if (tensor.dtype == DType::kF16 && has_infinite_halves(source->data)) {
      return Error{ErrorCode::kUnsupported,
                   "the weight " + tensor.weight + " has values that fp16 cannot hold: export it with --dtype fp32"};
    }
  }
  if (!tensor.transposed) return source->data;
  const SharedBytes aligned = source->data.aligned(sizeof(float));
  return tensor.dtype == DType::kF16 ? transposed<std::uint16_t>(aligned, tensor.row_count)
                                     : transposed<float>(aligned, tensor.row_count);
}

}  // namespace samcache

#include "tensors/cast.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tensors/cast_kernels.h"

namespace samcache {
namespace {

const CastKernels& kernels() {
  static const CastKernels& best = native_cast_kernels() ? *native_cast_kernels() : portable_cast_kernels();
  return best;
}

template <class From, class To>
void check_lengths(std::span<const From> from, std::span<To> to, const char* function) {
  check(from.size() == to.size(), std::string(function) + ": " + std::to_string(from.size()) + " values into " +
                                      std::to_string(to.size()) + " places");
}

bool is_castable(DType dtype) { return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16; }

template <class T>
std::span<const T> values_of(const SharedBytes& data) {
  return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
}

// [count] float32 from bytes that are aligned for their type.
void widen(DType dtype, const SharedBytes& data, std::span<float> to) {
  const auto from = values_of<std::uint16_t>(data);
  dtype == DType::kBF16 ? bf16_to_f32(from, to) : f16_to_f32(from, to);
}

void narrow(std::span<const float> from, DType dtype, std::span<std::uint16_t> to) {
  dtype == DType::kBF16 ? f32_to_bf16(from, to) : f32_to_f16(from, to);
}

// Between the two 16-bit types, by way of float32 in pieces that stay in the cache.
void convert_16_bit(DType from_dtype, const SharedBytes& data, DType to_dtype, std::span<std::uint16_t> to) {
  constexpr std::size_t kPiece = 4096;
  std::vector<float> wide(kPiece);
  for (std::size_t start = 0; start < to.size(); start += kPiece) {
    const std::size_t count = std::min(kPiece, to.size() - start);
    const std::span<float> piece(wide.data(), count);
    widen(from_dtype, data.slice(2 * start, 2 * count), piece);
    narrow(piece, to_dtype, to.subspan(start, count));
  }
}

}  // namespace

void f32_to_bf16(std::span<const float> from, std::span<std::uint16_t> to) {
  check_lengths(from, to, "f32_to_bf16");
  kernels().f32_to_bf16(from.data(), to.data(), from.size());
}

void bf16_to_f32(std::span<const std::uint16_t> from, std::span<float> to) {
  check_lengths(from, to, "bf16_to_f32");
  kernels().bf16_to_f32(from.data(), to.data(), from.size());
}

void f32_to_f16(std::span<const float> from, std::span<std::uint16_t> to) {
  check_lengths(from, to, "f32_to_f16");
  kernels().f32_to_f16(from.data(), to.data(), from.size());
}

void f16_to_f32(std::span<const std::uint16_t> from, std::span<float> to) {
  check_lengths(from, to, "f16_to_f32");
  kernels().f16_to_f32(from.data(), to.data(), from.size());
}

Result<Tensor> cast_tensor(const Tensor& tensor, DType dtype) {
  if (tensor.dtype == dtype) return tensor;
  if (!is_castable(tensor.dtype) || !is_castable(dtype)) {
    return Error{ErrorCode::kUnsupported, "cannot convert tensor \"" + tensor.name + "\" from " +
                                              std::string(dtype_name(tensor.dtype)) + " to " +
                                              std::string(dtype_name(dtype)) + ": only F32, F16 and BF16 convert"};
  }
  const SharedBytes data = tensor.data.aligned(dtype_alignment(tensor.dtype));
  const std::size_t count = data.size() / dtype_alignment(tensor.dtype);
  AlignedBuffer buffer(count * dtype_alignment(dtype));
  if (tensor.dtype == DType::kF32) {
    narrow(values_of<float>(data), dtype, buffer.as<std::uint16_t>());
  } else if (dtype == DType::kF32) {
    widen(tensor.dtype, data, buffer.as<float>());
  } else {
    convert_16_bit(tensor.dtype, data, dtype, buffer.as<std::uint16_t>());
  }
  return Tensor{tensor.name, dtype, tensor.shape, std::move(buffer).share()};
}

}  // namespace samcache

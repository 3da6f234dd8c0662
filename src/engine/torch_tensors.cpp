#include "engine/torch_tensors.h"

namespace samcache {

Result<at::ScalarType> torch_dtype(DType dtype) {
  switch (dtype) {
    case DType::kF32: return at::kFloat;
    case DType::kBF16: return at::kBFloat16;
    case DType::kF16: return at::kHalf;
    case DType::kF64: return at::kDouble;
    case DType::kI32: return at::kInt;
    case DType::kI64: return at::kLong;
    case DType::kU8: return at::kByte;
    case DType::kBool: return at::kBool;
    default:
      return Error{ErrorCode::kUnsupported,
                   "element type " + std::string(dtype_name(dtype)) + " cannot be computed with"};
  }
}

DType dtype_from_torch(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return DType::kF32;
    case at::kBFloat16: return DType::kBF16;
    case at::kHalf: return DType::kF16;
    case at::kDouble: return DType::kF64;
    case at::kInt: return DType::kI32;
    case at::kLong: return DType::kI64;
    case at::kByte: return DType::kU8;
    case at::kBool: return DType::kBool;
    default: throw std::logic_error("dtype_from_torch: no samcache element type for this tensor");
  }
}

at::ScalarType torch_dtype(Precision precision) {
  switch (precision) {
    case Precision::kFp32: return at::kFloat;
    case Precision::kBf16: return at::kBFloat16;
    case Precision::kFp16: return at::kHalf;
  }
  throw std::logic_error("torch_dtype: unknown precision");
}

at::Device torch_device(const Device& device) {
  if (device.kind == Device::Kind::kCpu) return at::Device(at::kCPU);
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device.index));
}

Result<at::Tensor> torch_view(const Tensor& tensor) {
  const Result<at::ScalarType> type = torch_dtype(tensor.dtype);
  if (!type) return type.error().within(tensor.name);
  SharedBytes bytes = tensor.data.aligned(dtype_alignment(tensor.dtype));
  void* data = const_cast<std::byte*>(bytes.data());  // from_blob has no const form
  return at::from_blob(
      data, tensor.shape, [bytes](void*) {}, at::TensorOptions().dtype(*type));
}

Tensor tensor_from_torch(std::string name, const at::Tensor& tensor) {
  const at::Tensor dense = tensor.to(at::kCPU).contiguous();
  const auto* begin = static_cast<const std::byte*>(dense.data_ptr());
  const auto owner = std::make_shared<at::Tensor>(dense);
  Tensor out;
  out.name = std::move(name);
  out.dtype = dtype_from_torch(dense.scalar_type());
  out.shape = dense.sizes().vec();
  out.data = SharedBytes(owner, {begin, dense.nbytes()});
  return out;
}

}  // namespace samcache

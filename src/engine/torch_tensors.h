// Between samcache's tensors (bytes) and libtorch's. Internal to engine/.
#pragma once

#include <ATen/ATen.h>

#include "base/error.h"
#include "engine/engine.h"
#include "tensors/tensor.h"

namespace samcache {

// kUnsupported for element types libtorch does not have.
Result<at::ScalarType> torch_dtype(DType dtype);
DType dtype_from_torch(at::ScalarType type);

at::ScalarType torch_dtype(Precision precision);
at::Device torch_device(const Device& device);

// A view of the same memory, kept alive by the result. Read-only by convention: nothing in engine/ writes to it.
Result<at::Tensor> torch_view(const Tensor& tensor);

// Moved to the CPU and made contiguous where needed; shares the memory otherwise.
Tensor tensor_from_torch(std::string name, const at::Tensor& tensor);

}  // namespace samcache

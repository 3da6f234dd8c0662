// The pickle inside a PyTorch checkpoint, read as data. Private to pt_file*.cpp.
//
// A pickle is a program for a stack machine; this machine can build containers, scalars, storages and tensors and
// nothing else. There is no recursion, and memory stays within a constant factor of the pickle's size.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "tensors/dtype.h"

namespace samcache {

struct PickledTensor {
  std::string_view storage_key;  // names the archive entry PREFIX/data/KEY
  std::uint64_t storage_bytes = 0;
  DType dtype = DType::kF32;
  std::int64_t offset = 0;  // in elements
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // in elements
};

struct PickledEntry {
  std::string_view key;
  PickledTensor tensor;
};

// The tensors of the state dict that `pickle` builds, in its order. Text is views into `pickle`. Errors do not name the
// file: the caller does.
Result<std::vector<PickledEntry>> read_state_dict(ByteSpan pickle);

}  // namespace samcache

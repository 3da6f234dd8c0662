// The bytes of a graph's stored tensors, made one at a time when they are written. Internal to onnx/.
#pragma once

#include "model/checkpoint.h"
#include "onnx/graph.h"

namespace samcache {

// kNotFound: the checkpoint lacks the weight; kUnsupported: its values do not fit the type asked for. Shares the
// checkpoint's mapping where nothing has to be changed.
Result<SharedBytes> stored_bytes(const StoredTensor& tensor, const Checkpoint& checkpoint);

}  // namespace samcache

// For architectures without kernels of their own.
#include "tensors/cast_kernels.h"

namespace samcache {

const CastKernels* native_cast_kernels() { return nullptr; }

}  // namespace samcache

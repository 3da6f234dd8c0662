#include "engine/cuda_support.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

namespace samcache {

int cuda_device_count() { return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0; }

}  // namespace samcache

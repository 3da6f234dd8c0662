#include "engine/libtorch_facts.h"

#include <ATen/Context.h>
#include <torch/version.h>

namespace samcache {

std::string libtorch_version() { return TORCH_VERSION; }

bool libtorch_has_cuda() { return at::Context::hasCUDART(); }

}  // namespace samcache

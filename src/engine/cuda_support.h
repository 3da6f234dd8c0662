// CUDA through libtorch's device-neutral interface, so that one source builds with and without it. Internal to engine/.
#pragma once

namespace samcache {

int cuda_device_count();  // 0 in a build without CUDA

}  // namespace samcache

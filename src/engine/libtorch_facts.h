// Which libtorch computes, for the record.
#pragma once

#include <string>

namespace samcache {

std::string libtorch_version();  // "1.13.1"
bool libtorch_has_cuda();        // it was built with CUDA, whether or not there is a device

}  // namespace samcache

// The loops behind cast.h, once in portable C++ and once for the CPUs of the architecture this was built for.
// Both give the same bits for every input. Internal to tensors/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace samcache {

struct CastKernels {
  void (*f32_to_bf16)(const float* from, std::uint16_t* to, std::size_t count);
  void (*bf16_to_f32)(const std::uint16_t* from, float* to, std::size_t count);
  void (*f32_to_f16)(const float* from, std::uint16_t* to, std::size_t count);
  void (*f16_to_f32)(const std::uint16_t* from, float* to, std::size_t count);
};

const CastKernels& portable_cast_kernels();

// nullptr where this CPU has nothing better than the portable ones. (cast_kernels_x86.cpp, or cast_kernels_none.cpp on
// other architectures: CMakeLists.txt picks.)
const CastKernels* native_cast_kernels();

}  // namespace samcache

// Floating-point conversions over whole arrays: several GB/s on one core, with AVX2/AVX-512 where the CPU has them.
//
// Narrowing rounds to nearest, ties to even; overflow gives infinity; NaN stays NaN (quiet, sign and upper payload bits
// kept); subnormals are kept, on every CPU alike: results do not depend on the machine. 16-bit values travel as their
// bits. The two spans must have the same length and must not overlap; else std::logic_error (the length).
#pragma once

#include <cstdint>
#include <span>

#include "base/error.h"
#include "tensors/tensor.h"

namespace samcache {

void f32_to_bf16(std::span<const float> from, std::span<std::uint16_t> to);
void bf16_to_f32(std::span<const std::uint16_t> from, std::span<float> to);
void f32_to_f16(std::span<const float> from, std::span<std::uint16_t> to);
void f16_to_f32(std::span<const std::uint16_t> from, std::span<float> to);

// The same tensor with another element type: any pair out of F32, F16, BF16 (kUnsupported otherwise, naming the
// tensor). Shares the data when nothing changes; else a new 64-byte aligned buffer. F16 <-> BF16 goes through float32.
Result<Tensor> cast_tensor(const Tensor& tensor, DType dtype);

}  // namespace samcache

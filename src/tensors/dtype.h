// The element types of the safetensors format (all that its reference library knows), their names and sizes.
// Conversions between the floating-point ones are in cast.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace samcache {

enum class DType : std::uint8_t {
  kBool,
  kF4,      // 4 bits: two elements a byte
  kF6E2M3,  // 6 bits: four elements in three bytes
  kF6E3M2,
  kU8,
  kI8,
  kF8E5M2,
  kF8E4M3,
  kF8E8M0,
  kF8E4M3FNUZ,
  kF8E5M2FNUZ,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kC64,  // two float32: real, imaginary
  kF64,
  kI64,
  kU64,
};

// Bits of one element: 4, 6, 8, 16, 32 or 64.
std::size_t dtype_bits(DType dtype);

// What an element's address should be a multiple of: its size in bytes, 1 for the packed types.
std::size_t dtype_alignment(DType dtype);

// Whether it holds (real) floating-point numbers of any width.
bool dtype_is_float(DType dtype);

// The format's spelling: "F32", "BF16", "F8_E4M3", ...
std::string_view dtype_name(DType dtype);
std::optional<DType> parse_dtype(std::string_view name);

}  // namespace samcache

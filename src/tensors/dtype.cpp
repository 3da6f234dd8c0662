#include "tensors/dtype.h"

#include <algorithm>
#include <array>

namespace samcache {
namespace {

struct DTypeFacts {
  std::string_view name;
  std::uint8_t bits;
  bool is_float;
};

// Indexed by DType.
constexpr std::array<DTypeFacts, 22> kFacts{{
    {"BOOL", 8, false},   {"F4", 4, true},          {"F6_E2M3", 6, true},     {"F6_E3M2", 6, true},
    {"U8", 8, false},     {"I8", 8, false},         {"F8_E5M2", 8, true},     {"F8_E4M3", 8, true},
    {"F8_E8M0", 8, true}, {"F8_E4M3FNUZ", 8, true}, {"F8_E5M2FNUZ", 8, true}, {"I16", 16, false},
    {"U16", 16, false},   {"F16", 16, true},        {"BF16", 16, true},       {"I32", 32, false},
    {"U32", 32, false},   {"F32", 32, true},        {"C64", 64, false},       {"F64", 64, true},
    {"I64", 64, false},   {"U64", 64, false},
}};
static_assert(kFacts.size() == static_cast<std::size_t>(DType::kU64) + 1);

const DTypeFacts& facts(DType dtype) { return kFacts[static_cast<std::size_t>(dtype)]; }

}  // namespace

std::size_t dtype_bits(DType dtype) { return facts(dtype).bits; }
std::size_t dtype_alignment(DType dtype) { return std::max<std::size_t>(1, facts(dtype).bits / 8); }
bool dtype_is_float(DType dtype) { return facts(dtype).is_float; }
std::string_view dtype_name(DType dtype) { return facts(dtype).name; }

std::optional<DType> parse_dtype(std::string_view name) {
  const auto found = std::find_if(kFacts.begin(), kFacts.end(), [&](const DTypeFacts& f) { return f.name == name; });
  if (found == kFacts.end()) return std::nullopt;
  return static_cast<DType>(found - kFacts.begin());
}

}  // namespace samcache

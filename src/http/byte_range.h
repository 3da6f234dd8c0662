// The Range header (RFC 9110, 14): one range of bytes; several get the whole.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace samcache::http {

struct WholeBody {};            // no range, several, or one that is no byte range: the header is ignored
struct RangeNotSatisfiable {};  // 416
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;  // at least 1
};

// `range`: the header's value; `size_bytes`: the body's.
std::variant<WholeBody, RangeNotSatisfiable, ByteRange> parse_range(std::string_view range, std::uint64_t size_bytes);

}  // namespace samcache::http

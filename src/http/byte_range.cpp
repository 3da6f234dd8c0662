#include "http/byte_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/tokens.h"

namespace samcache::http {
namespace {

// Digits alone. What does not fit is as good as the largest number.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc::result_out_of_range ? UINT64_MAX : value;
}

}  // namespace

std::variant<WholeBody, RangeNotSatisfiable, ByteRange> parse_range(std::string_view range, std::uint64_t size_bytes) {
  const std::size_t equals = range.find('=');
  if (equals == std::string_view::npos || !same_token(trimmed(range.substr(0, equals)), "bytes")) return WholeBody{};
  const std::string_view spec = trimmed(range.substr(equals + 1));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return WholeBody{};
  const std::string_view first_text = trimmed(spec.substr(0, dash));
  const std::string_view last_text = trimmed(spec.substr(dash + 1));
  const std::optional<std::uint64_t> last = number(last_text);

  if (first_text.empty()) {  // "-500": the last 500
    if (!last) return WholeBody{};
    if (*last == 0 || size_bytes == 0) return RangeNotSatisfiable{};
    const std::uint64_t size = std::min(*last, size_bytes);
    return ByteRange{size_bytes - size, size};
  }
  const std::optional<std::uint64_t> first = number(first_text);
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return WholeBody{};
  if (*first >= size_bytes) return RangeNotSatisfiable{};
  const std::uint64_t end = last && *last < size_bytes ? *last + 1 : size_bytes;
  return ByteRange{*first, end - *first};
}

}  // namespace samcache::http

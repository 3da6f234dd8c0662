#include "catalog/cursor.h"

#include <charconv>

#include "base/hashing.h"
#include "base/text.h"

namespace samcache {

std::string format_cursor(const std::string& list, std::int64_t position) {
  const std::string number = std::to_string(position);
  return number + "." + xxh3_hex64(bytes_of(list + "\n" + number));
}

Result<std::int64_t> parse_cursor(const std::string& list, const std::string& cursor) {
  std::int64_t position = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), position);
  // Made again and compared whole, so that there is one spelling only.
  if (error == std::errc() && position >= 0 && format_cursor(list, position) == cursor) return position;
  return Error{
      ErrorCode::kInvalidArgument,
      "the cursor " + in_quotes(cursor) + " is not of this list; use the next_cursor of a page with the same filter"};
}

}  // namespace samcache

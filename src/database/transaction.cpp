#include "database/transaction.h"

#include <charconv>

namespace samcache {

const std::string& SqlRow::text(std::size_t column) const {
  static const std::string kNothing;
  const auto& value = columns_.at(column);
  return value ? *value : kNothing;
}

std::int64_t SqlRow::integer(std::size_t column) const { return optional_integer(column).value_or(0); }

std::optional<std::int64_t> SqlRow::optional_integer(std::size_t column) const {
  const auto& value = columns_.at(column);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  check(error == std::errc() && end == value->data() + value->size(),
        "column " + std::to_string(column) + " holds " + *value + ", which is no whole number");
  return number;
}

}  // namespace samcache

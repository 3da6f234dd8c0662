// A running transaction, as its body sees it, and the rows that statements answer with.
//
// One thread: the one that runs the body. See database.h for when bodies run and what a failed statement does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace samcache {

enum class SqlDialect { kSqlite, kPostgresql };

// A value for `:name` in a statement; an empty optional is NULL.
struct SqlParameter {
  using Value = std::variant<std::monostate, std::int64_t, std::string>;

  SqlParameter(std::string_view parameter_name, std::string text) : name(parameter_name), value(std::move(text)) {}
  SqlParameter(std::string_view parameter_name, std::string_view text)
      : name(parameter_name), value(std::string(text)) {}
  SqlParameter(std::string_view parameter_name, const char* text) : name(parameter_name), value(std::string(text)) {}
  SqlParameter(std::string_view parameter_name, std::int64_t number) : name(parameter_name), value(number) {}
  SqlParameter(std::string_view parameter_name, int number) : name(parameter_name), value(std::int64_t{number}) {}
  SqlParameter(std::string_view parameter_name, const std::optional<std::int64_t>& number) : name(parameter_name) {
    if (number) value = *number;
  }
  SqlParameter(std::string_view parameter_name, const std::optional<std::string>& text) : name(parameter_name) {
    if (text) value = *text;
  }

  std::string name;
  Value value;
};
using SqlParameters = std::vector<SqlParameter>;

// One row; columns count from 0.
class SqlRow {
 public:
  explicit SqlRow(std::vector<std::optional<std::string>> columns) : columns_(std::move(columns)) {}

  bool is_null(std::size_t column) const { return !columns_.at(column).has_value(); }
  // Empty for null.
  const std::string& text(std::size_t column) const;
  // 0 for null. Throws std::logic_error for a column that holds no whole number.
  std::int64_t integer(std::size_t column) const;
  std::optional<std::int64_t> optional_integer(std::size_t column) const;

 private:
  std::vector<std::optional<std::string>> columns_;
};

using SqlRows = std::vector<SqlRow>;

class Transaction {
 public:
  virtual ~Transaction() = default;
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  virtual SqlDialect dialect() const = 0;

  // When this transaction began, by the database's clock, which is one for all processes: milliseconds since 1970.
  virtual std::int64_t now_ms() const = 0;

  // The rows of a SELECT or of a RETURNING; none when it failed.
  virtual SqlRows query(const std::string& sql, const SqlParameters& parameters = {}) = 0;
  // How many rows an INSERT, UPDATE or DELETE changed; 0 when it failed.
  virtual std::int64_t execute(const std::string& sql, const SqlParameters& parameters = {}) = 0;

  // The first failure of a statement, if there was one.
  virtual Status status() const = 0;

  // Told to the topic's subscribers in all processes when this transaction has committed, and not when it has not. At
  // most kMaxPayloadBytes of valid UTF-8 without NUL: tell what changed, not how it is now.
  virtual void publish(std::string_view topic, std::string_view payload) = 0;
};

inline constexpr std::size_t kMaxPayloadBytes = 4000;

}  // namespace samcache

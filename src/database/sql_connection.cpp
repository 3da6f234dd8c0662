#include "database/sql_connection.h"

#include <deque>

#include "base/text.h"

namespace samcache {
namespace {

// Where SOCI finds the values while a statement runs: the addresses must not change.
class BoundParameters {
 public:
  // The first parameter that no database may see, if there is one.
  static std::optional<std::string> find_unfit(const SqlParameters& parameters) {
    for (const SqlParameter& parameter : parameters) {
      const auto* text = std::get_if<std::string>(&parameter.value);
      if (text != nullptr && (text->find('\0') != std::string::npos || !is_utf8(*text))) return parameter.name;
    }
    return std::nullopt;
  }

  BoundParameters(soci::statement& statement, const SqlParameters& parameters) {
    for (const SqlParameter& parameter : parameters) {
      if (const auto* text = std::get_if<std::string>(&parameter.value)) {
        statement.exchange(soci::use(*text, parameter.name));
      } else if (const auto* number = std::get_if<std::int64_t>(&parameter.value)) {
        statement.exchange(soci::use(numbers_.emplace_back(*number), parameter.name));
      } else {
        statement.exchange(soci::use(nothing_, null_, parameter.name));
      }
    }
  }

 private:
  std::deque<long long> numbers_;
  std::string nothing_;
  soci::indicator null_ = soci::i_null;
};

std::string in_one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (char& c : text) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

SqlConnection::SqlConnection(const DatabaseAddress& address, const soci::backend_factory& factory,
                             const std::string& parameters)
    : address_(address), session_(factory, parameters) {}

std::variant<std::unique_ptr<SqlConnection>, SqlFailure> SqlConnection::open(const DatabaseAddress& address) {
  try {
    return address.dialect == SqlDialect::kSqlite ? connect_sqlite(address) : connect_postgresql(address);
  } catch (const soci::soci_error& error) {
    const bool is_remote = address.dialect == SqlDialect::kPostgresql;
    return SqlFailure{is_remote ? SqlFailure::Kind::kLost : SqlFailure::Kind::kFinal,
                      {is_remote ? ErrorCode::kUnavailable : ErrorCode::kIo,
                       "cannot open " + address.name + ": " + in_one_line(error.get_error_message())}};
  }
}

std::variant<SqlAnswer, SqlFailure> SqlConnection::run(const std::string& sql, const SqlParameters& parameters) {
  if (const auto unfit = BoundParameters::find_unfit(parameters)) {
    return SqlFailure{SqlFailure::Kind::kFinal,
                      {ErrorCode::kInvalidArgument, *unfit + " holds NUL or bytes that are not UTF-8"}};
  }
  try {
    soci::statement statement(session_);
    const BoundParameters bound(statement, parameters);
    statement.alloc();
    statement.prepare(sql, soci::details::st_one_time_query);
    statement.define_and_bind();
    statement.execute(true);
    SqlAnswer answer;
    answer.rows = rows_of(statement);
    answer.changed = statement.get_affected_rows();
    return answer;
  } catch (const soci::soci_error& error) {
    SqlFailure failed = failure_of(error);
    is_lost_ = is_lost_ || failed.kind == SqlFailure::Kind::kLost;
    return failed;
  }
}

std::optional<SqlFailure> SqlConnection::commit() {
  auto answer = run("COMMIT");
  if (auto* failed = std::get_if<SqlFailure>(&answer)) return std::move(*failed);
  return std::nullopt;
}

void SqlConnection::rollback() { run("ROLLBACK"); }

SqlFailure SqlConnection::failure(SqlFailure::Kind kind, ErrorCode code, const std::string& what) const {
  return {kind, {code, address_.name + ": " + in_one_line(what)}};
}

}  // namespace samcache

#include <soci/postgresql/soci-postgresql.h>

#include "database/sql_connection.h"

namespace samcache {
namespace {

// libpq would print what the server says by the way to stderr.
void ignore_notice(void*, const char*) {}

class PostgresqlConnection final : public SqlConnection {
 public:
  explicit PostgresqlConnection(const DatabaseAddress& address)
      : SqlConnection(address, *soci::factory_postgresql(), address.connection) {
    const auto* session = static_cast<soci::postgresql_session_backend*>(session_.get_backend());
    PQsetNoticeProcessor(session->conn_, ignore_notice, nullptr);
  }

  std::variant<std::int64_t, SqlFailure> begin(Access access) override {
    // One exchange for both.
    auto answer = run(std::string(access == Access::kWrite ? "BEGIN" : "BEGIN READ ONLY") +
                      "; SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)");
    if (auto* failed = std::get_if<SqlFailure>(&answer)) return std::move(*failed);
    return std::get<SqlAnswer>(answer).rows.at(0).integer(0);
  }

 protected:
  SqlFailure failure_of(const soci::soci_error& error) override {
    using Kind = SqlFailure::Kind;
    const std::string what = error.get_error_message();
    const auto* of_postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&error);
    const std::string state = of_postgresql != nullptr ? of_postgresql->sqlstate() : "";
    const auto is = [&](std::string_view prefix) { return state.starts_with(prefix); };
    const auto* session = static_cast<soci::postgresql_session_backend*>(session_.get_backend());
    // Connection exceptions; the server shuts down, crashed, or starts.
    if (PQstatus(session->conn_) != CONNECTION_OK || is("08") || is("57P01") || is("57P02") || is("57P03")) {
      return failure(Kind::kLost, ErrorCode::kUnavailable, what);
    }
    // Serialization failure, deadlock, lock not available.
    if (is("40") || is("55P03")) return failure(Kind::kBusy, ErrorCode::kUnavailable, what);
    if (is("53100")) return failure(Kind::kFinal, ErrorCode::kOutOfSpace, what);
    // Out of resources, a timeout, a server that only reads (a standby).
    if (is("53") || is("57") || is("25006")) return failure(Kind::kFinal, ErrorCode::kUnavailable, what);
    if (is("54")) return failure(Kind::kFinal, ErrorCode::kTooLarge, what);
    return failure(Kind::kFinal, ErrorCode::kIo, what);
  }

  SqlRows rows_of(soci::statement& statement) override {
    const PGresult* result = static_cast<soci::postgresql_statement_backend*>(statement.get_backend())->result_;
    const int columns = PQnfields(result);
    SqlRows rows;
    rows.reserve(static_cast<std::size_t>(PQntuples(result)));
    for (int i = 0; i < PQntuples(result); ++i) {
      std::vector<std::optional<std::string>> row(static_cast<std::size_t>(columns));
      for (int k = 0; k < columns; ++k) {
        if (PQgetisnull(result, i, k) != 0) continue;
        row[static_cast<std::size_t>(k)].emplace(PQgetvalue(result, i, k),
                                                 static_cast<std::size_t>(PQgetlength(result, i, k)));
      }
      rows.emplace_back(std::move(row));
    }
    return rows;
  }
};

}  // namespace

std::unique_ptr<SqlConnection> connect_postgresql(const DatabaseAddress& address) {
  return std::make_unique<PostgresqlConnection>(address);
}

}  // namespace samcache

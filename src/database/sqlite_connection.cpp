#include <soci/sqlite3/soci-sqlite3.h>

#include <chrono>

#include "database/sql_connection.h"

namespace samcache {
namespace {

// How long SQLite itself waits for another process's lock; after that the transaction is run again, as long as its
// deadline allows.
constexpr int kBusyTimeoutMs = 1000;

class SqliteConnection final : public SqlConnection {
 public:
  explicit SqliteConnection(const DatabaseAddress& address)
      : SqlConnection(address, *soci::factory_sqlite3(), "db=\"" + address.connection + "\"") {
    session_ << "PRAGMA busy_timeout = " << kBusyTimeoutMs;
    // The rollback journal, because SQLite 3.40's write-ahead log can lose commits when it is reset.
    session_ << "PRAGMA journal_mode = TRUNCATE";
    session_ << "PRAGMA synchronous = FULL";
    session_ << "PRAGMA foreign_keys = ON";
    session_ << "PRAGMA trusted_schema = OFF";
  }

  std::variant<std::int64_t, SqlFailure> begin(Access access) override {
    auto answer = run(access == Access::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
    if (auto* failed = std::get_if<SqlFailure>(&answer)) return std::move(*failed);
    // All processes are on this machine: its clock is the database's.
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()).time_since_epoch().count();
  }

 protected:
  SqlFailure failure_of(const soci::soci_error& error) override {
    using Kind = SqlFailure::Kind;
    const auto* of_sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
    const int code = of_sqlite != nullptr ? of_sqlite->result() & 0xff : SQLITE_ERROR;
    const std::string what = error.get_error_message();
    switch (code) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED: return failure(Kind::kBusy, ErrorCode::kUnavailable, what);
      case SQLITE_FULL: return failure(Kind::kFinal, ErrorCode::kOutOfSpace, what);
      case SQLITE_TOOBIG: return failure(Kind::kFinal, ErrorCode::kTooLarge, what);
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB: return failure(Kind::kFinal, ErrorCode::kCorrupt, what);
      default: return failure(Kind::kFinal, ErrorCode::kIo, what);
    }
  }

  SqlRows rows_of(soci::statement& statement) override {
    auto* running = static_cast<soci::sqlite3_statement_backend*>(statement.get_backend())->stmt_;
    SqlRows rows;
    // SOCI has made the first step.
    for (int columns = sqlite3_data_count(running); columns > 0;) {
      std::vector<std::optional<std::string>> row(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(running, i));
        if (text != nullptr) {
          row[static_cast<std::size_t>(i)].emplace(text, static_cast<std::size_t>(sqlite3_column_bytes(running, i)));
        }
      }
      rows.emplace_back(std::move(row));
      const int result = sqlite3_step(running);
      if (result == SQLITE_DONE) break;
      if (result != SQLITE_ROW) {
        throw soci::sqlite3_soci_error(sqlite3_errmsg(sqlite3_db_handle(running)), result);
      }
    }
    return rows;
  }
};

}  // namespace

std::unique_ptr<SqlConnection> connect_sqlite(const DatabaseAddress& address) {
  return std::make_unique<SqliteConnection>(address);
}

}  // namespace samcache

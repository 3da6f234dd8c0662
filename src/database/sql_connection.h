// One connection to the database, through SOCI: begin, statements, commit. Internal to database/.
//
// SOCI connects, binds the parameters and executes; the rows are then read from the driver's own result, because SOCI
// takes the type of a SQLite expression from its first row, and whole numbers without a declared type for 32 bits.
//
// One thread at a time. SOCI's exceptions end here, as SqlFailures.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <optional>
#include <string>

#include "database/database_url.h"

namespace samcache {

struct SqlFailure {
  enum class Kind {
    kFinal,  // trying again will not help
    kBusy,   // somebody else was in the way: the transaction may be run again
    kLost,   // the connection is gone
  };
  Kind kind = Kind::kFinal;
  Error error;
};

// What a statement answered.
struct SqlAnswer {
  SqlRows rows;
  std::int64_t changed = 0;
};

class SqlConnection {
 public:
  // A new connection, ready for use.
  static std::variant<std::unique_ptr<SqlConnection>, SqlFailure> open(const DatabaseAddress& address);
  SqlConnection(const SqlConnection&) = delete;
  SqlConnection& operator=(const SqlConnection&) = delete;
  virtual ~SqlConnection() = default;

  SqlDialect dialect() const { return address_.dialect; }
  // Whether it was not lost, as far as is known.
  bool is_sound() const { return !is_lost_; }

  // Starts a transaction; answers the database's clock, in milliseconds since 1970.
  virtual std::variant<std::int64_t, SqlFailure> begin(Access access) = 0;
  std::optional<SqlFailure> commit();
  void rollback();

  // kInvalidArgument, before the database sees it, for text with NUL or that is not UTF-8.
  std::variant<SqlAnswer, SqlFailure> run(const std::string& sql, const SqlParameters& parameters = {});

 protected:
  SqlConnection(const DatabaseAddress& address, const soci::backend_factory& factory, const std::string& parameters);

  // What a SOCI error means, and what it says in one line.
  virtual SqlFailure failure_of(const soci::soci_error& error) = 0;
  // The rows that an executed statement has. May throw soci_error.
  virtual SqlRows rows_of(soci::statement& statement) = 0;

  SqlFailure failure(SqlFailure::Kind kind, ErrorCode code, const std::string& what) const;

  const DatabaseAddress address_;
  soci::session session_;

 private:
  bool is_lost_ = false;
};

// Throw soci_error when the connection cannot be made.
std::unique_ptr<SqlConnection> connect_sqlite(const DatabaseAddress& address);
std::unique_ptr<SqlConnection> connect_postgresql(const DatabaseAddress& address);

}  // namespace samcache

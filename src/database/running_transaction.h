// The Transaction that bodies are given: statements on one connection, of which the first failure spoils the rest.
// Internal to database/.
#pragma once

#include <optional>

#include "database/sql_connection.h"

namespace samcache {

class RunningTransaction final : public Transaction {
 public:
  // Between the connection's begin and commit, which are the caller's.
  RunningTransaction(SqlConnection& connection, std::int64_t now_ms) : connection_(connection), now_ms_(now_ms) {}

  SqlDialect dialect() const override { return connection_.dialect(); }
  std::int64_t now_ms() const override { return now_ms_; }
  SqlRows query(const std::string& sql, const SqlParameters& parameters) override;
  std::int64_t execute(const std::string& sql, const SqlParameters& parameters) override;
  Status status() const override;
  void publish(std::string_view topic, std::string_view payload) override;

  const std::optional<SqlFailure>& failure() const { return failure_; }
  bool has_published() const { return has_published_; }

 private:
  SqlAnswer run(const std::string& sql, const SqlParameters& parameters);

  SqlConnection& connection_;
  const std::int64_t now_ms_;
  std::optional<SqlFailure> failure_;
  bool has_published_ = false;
};

}  // namespace samcache

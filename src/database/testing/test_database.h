// An empty database for a test: a SQLite file in a temporary folder, or, when the environment says
// SAMCACHE_TEST_DATABASE=postgresql, a PostgreSQL server that the test program starts once and that ends with it.
//
// One at a time in a program. Throws std::runtime_error, with what to do, when there is no PostgreSQL.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "database/database.h"

namespace samcache {

inline Deadline soon() { return Deadline::after(std::chrono::seconds(30)); }

class TestDatabase {
 public:
  TestDatabase();
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  static bool is_postgresql();
  // Breaks all connections. PostgreSQL only.
  static void restart_server();

  const std::string& url() const { return url_; }
  // Connections of its own each time, as another process would have.
  std::shared_ptr<Database> open(DatabaseOptions options = {}) const;

 private:
  std::filesystem::path folder_;
  std::string url_;
};

}  // namespace samcache

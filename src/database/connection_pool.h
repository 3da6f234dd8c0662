// Connections kept for the next transaction: at most so many at once, made when there is none, thrown away when lost.
//
// With SQLite it also orders this process's transactions as the file's locks would: one writer at a time, and no reader
// while a writer commits. Waiting here wakes at once, where SQLite's own waiting sleeps and looks again. Any thread;
// leases must end before the pool does. Internal to database/.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "database/sql_connection.h"

namespace samcache {

class ConnectionPool {
 public:
  ConnectionPool(DatabaseAddress address, int max_connections)
      : address_(std::move(address)), max_connections_(max_connections) {}

  class Lease {
   public:
    Lease(ConnectionPool& pool, Access access) : pool_(&pool), access_(access) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)),
          access_(other.access_),
          connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(std::move(connection_), access_);
    }

    SqlConnection& operator*() const { return *connection_; }
    SqlConnection* operator->() const { return connection_.get(); }
    // To be called before a writer commits: SQLite's readers end, and new ones wait until the lease is given back.
    void await_readers(Deadline deadline) const { pool_->await_readers(deadline); }
    // The server is away, or was: this connection is of no more use, and neither are those that wait for their turn.
    void forget() {
      connection_.reset();
      pool_->forget_idle();
    }

   private:
    friend class ConnectionPool;
    ConnectionPool* pool_;
    Access access_;
    std::unique_ptr<SqlConnection> connection_;
  };

  // kUnavailable when the server cannot be reached, or all connections stay in use until the deadline.
  std::variant<Lease, SqlFailure> take(Access access, Deadline deadline);

  const DatabaseAddress& address() const { return address_; }

 private:
  void give_back(std::unique_ptr<SqlConnection> connection, Access access);
  void await_readers(Deadline deadline);
  void forget_idle();

  bool is_sqlite() const { return address_.dialect == SqlDialect::kSqlite; }

  const DatabaseAddress address_;
  const int max_connections_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<SqlConnection>> idle_;
  int in_use_ = 0;
  // SQLite only.
  int readers_ = 0;
  bool has_writer_ = false;
  bool is_committing_ = false;
};

}  // namespace samcache

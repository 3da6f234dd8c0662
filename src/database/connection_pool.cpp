#include "database/connection_pool.h"

namespace samcache {

std::variant<ConnectionPool::Lease, SqlFailure> ConnectionPool::take(Access access, Deadline deadline) {
  const auto may_go = [&] {
    if (in_use_ >= max_connections_) return false;
    return !is_sqlite() || !(access == Access::kWrite ? has_writer_ : is_committing_);
  };
  std::unique_lock lock(mutex_);
  if (!freed_.wait_until(lock, deadline.time(), may_go)) {
    return SqlFailure{SqlFailure::Kind::kFinal,
                      {ErrorCode::kUnavailable, address_.name + ": all connections were in use until the deadline"}};
  }
  ++in_use_;
  if (access == Access::kRead) ++readers_;
  if (access == Access::kWrite) has_writer_ = true;
  Lease lease(*this, access);
  if (!idle_.empty()) {
    lease.connection_ = std::move(idle_.back());
    idle_.pop_back();
    return lease;
  }
  lock.unlock();
  auto opened = SqlConnection::open(address_);
  if (auto* failed = std::get_if<SqlFailure>(&opened)) return std::move(*failed);
  lease.connection_ = std::move(std::get<0>(opened));
  return lease;
}

void ConnectionPool::give_back(std::unique_ptr<SqlConnection> connection, Access access) {
  {
    const std::scoped_lock lock(mutex_);
    --in_use_;
    if (access == Access::kRead) --readers_;
    if (access == Access::kWrite) has_writer_ = is_committing_ = false;
    if (connection) idle_.push_back(std::move(connection));
  }
  freed_.notify_all();  // whoever is woken alone might wait for the writer's turn, when a reader could go
}

void ConnectionPool::await_readers(Deadline deadline) {
  if (!is_sqlite()) return;
  std::unique_lock lock(mutex_);
  is_committing_ = true;
  freed_.wait_until(lock, deadline.time(), [&] { return readers_ == 0; });  // else SQLite waits for them
}

void ConnectionPool::forget_idle() {
  std::vector<std::unique_ptr<SqlConnection>> gone;
  const std::scoped_lock lock(mutex_);
  gone.swap(idle_);
}

}  // namespace samcache

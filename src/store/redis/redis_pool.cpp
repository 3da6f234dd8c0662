#include "store/redis/redis_pool.h"

namespace samcache {

Result<RedisPool::Lease> RedisPool::take(Deadline deadline) {
  auto taken = take_place(deadline);
  if (!taken) return taken.error();
  if (*taken != nullptr) return Lease(taken->release(), GiveBack{this});
  auto opened = RedisConnection::open(options_, deadline);
  if (!opened) {
    free_place();
    return opened.error();
  }
  return Lease(opened->release(), GiveBack{this});
}

Result<std::unique_ptr<RedisConnection>> RedisPool::take_place(Deadline deadline) {
  std::vector<std::unique_ptr<RedisConnection>> ended;  // closed when the lock is gone
  std::unique_lock lock(mutex_);
  const auto there_is_one = [&] { return in_use_ < options_.max_connections; };
  if (!place_freed_.wait_until(lock, deadline.time(), there_is_one)) {
    return Error{ErrorCode::kUnavailable, redis_server_name(options_) + ": all " +
                                              std::to_string(options_.max_connections) + " connections are in use"};
  }
  ++in_use_;
  while (!idle_.empty()) {
    std::unique_ptr<RedisConnection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->is_reusable()) return connection;
    ended.push_back(std::move(connection));
  }
  return std::unique_ptr<RedisConnection>();
}

void RedisPool::give_back(RedisConnection* connection) {
  std::unique_ptr<RedisConnection> owned(connection);
  if (owned->is_reusable()) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(owned));
  }
  free_place();
}

void RedisPool::free_place() {
  {
    const std::scoped_lock lock(mutex_);
    --in_use_;
  }
  place_freed_.notify_one();
}

}  // namespace samcache

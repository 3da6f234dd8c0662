// Connections kept for the next caller: at most so many at once, made when there is none, thrown away when broken.
//
// A server that was restarted shows as connections that ended: they are found out when they are taken, so that the next
// call after a restart works. Any thread; leases must end before the pool does. Internal to redis/.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "store/redis/redis_connection.h"

namespace samcache {

class RedisPool {
 public:
  explicit RedisPool(RedisOptions options) : options_(std::move(options)) {}

  struct GiveBack {
    RedisPool* pool;
    void operator()(RedisConnection* connection) const { pool->give_back(connection); }
  };
  using Lease = std::unique_ptr<RedisConnection, GiveBack>;

  // kUnavailable when the server cannot be reached, or all connections stay in use, until the deadline.
  Result<Lease> take(Deadline deadline);

 private:
  // An idle connection that still works, or null; waits until one more may be in use, which is then counted as such.
  Result<std::unique_ptr<RedisConnection>> take_place(Deadline deadline);
  void give_back(RedisConnection* connection);
  void free_place();

  const RedisOptions options_;
  std::mutex mutex_;
  std::condition_variable place_freed_;
  std::vector<std::unique_ptr<RedisConnection>> idle_;
  int in_use_ = 0;
};

}  // namespace samcache

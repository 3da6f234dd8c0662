// Wakes the workers of this process when there is news of work. Any thread. Internal to jobs/.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

#include "database/database.h"

namespace samcache {

class WorkSignal {
 public:
  explicit WorkSignal(Database& database);

  // How often there was news so far: take it before looking for work, so that news in between is not slept through.
  std::uint64_t count() const;
  // Until there was more news than `seen`, the deadline, or the stop.
  void wait(std::uint64_t seen, Deadline deadline, const std::stop_token& stop);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t count_ = 0;
  Subscription subscription_;  // last: it calls back into the above
};

}  // namespace samcache

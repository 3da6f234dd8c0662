#include "jobs/work_signal.h"

#include "jobs/job_tables.h"

namespace samcache {

WorkSignal::WorkSignal(Database& database)
    : subscription_(database.subscribe(kWorkTopic, [this](const Notification&) {
        {
          const std::scoped_lock lock(mutex_);
          ++count_;
        }
        changed_.notify_all();
      })) {}

std::uint64_t WorkSignal::count() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

void WorkSignal::wait(std::uint64_t seen, Deadline deadline, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, stop, deadline.time(), [&] { return count_ != seen; });
}

}  // namespace samcache

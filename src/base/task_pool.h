// A fixed number of threads and a queue of limited length.
//
// Tasks start in the order they were posted and must not throw. The destructor drops those that have not started, waits
// for those that run, and joins; whoever needs them done calls drain() before.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/deadline.h"

namespace samcache {

class TaskPool {
 public:
  using Task = std::function<void()>;

  TaskPool(std::size_t threads, std::size_t max_waiting);
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;
  ~TaskPool();

  // False when the queue is full: nothing was posted.
  [[nodiscard]] bool try_post(Task task);
  // Waits until nothing waits or runs; false when the deadline came first.
  bool drain(Deadline deadline);

  std::size_t waiting() const;

 private:
  void run(const std::stop_token& stop);

  const std::size_t max_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable idle_;
  std::deque<Task> tasks_;
  std::size_t running_ = 0;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace samcache

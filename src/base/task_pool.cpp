#include "base/task_pool.h"

#include <utility>

namespace samcache {

TaskPool::TaskPool(std::size_t threads, std::size_t max_waiting) : max_waiting_(max_waiting) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
}

TaskPool::~TaskPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

bool TaskPool::try_post(Task task) {
  {
    const std::scoped_lock lock(mutex_);
    if (tasks_.size() >= max_waiting_) return false;
    tasks_.push_back(std::move(task));
  }
  work_.notify_one();
  return true;
}

bool TaskPool::drain(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto is_idle = [this] { return tasks_.empty() && running_ == 0; };
  if (deadline.is_never()) {
    idle_.wait(lock, is_idle);
    return true;
  }
  return idle_.wait_until(lock, deadline.time(), is_idle);
}

std::size_t TaskPool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return tasks_.size();
}

void TaskPool::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (work_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
    if (stop.stop_requested()) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    ++running_;
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before it counts as done
    lock.lock();
    if (--running_ == 0 && tasks_.empty()) idle_.notify_all();
  }
}

}  // namespace samcache

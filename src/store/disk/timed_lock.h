// A std::timed_mutex made of a plain one, because ThreadSanitizer knows nothing of the call behind its try_lock_until
// (pthread_mutex_clocklock, g++ 12) and then takes every unlock for an error. For std::unique_lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace samcache {

class TimedLock {
 public:
  void lock() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !is_taken_; });
    is_taken_ = true;
  }

  bool try_lock_until(std::chrono::steady_clock::time_point time) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, time, [this] { return !is_taken_; })) return false;
    is_taken_ = true;
    return true;
  }

  void unlock() {
    {
      const std::scoped_lock lock(mutex_);
      is_taken_ = false;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool is_taken_ = false;
};

}  // namespace samcache

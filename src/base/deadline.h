// The moment at which a caller stops waiting.
//
// Blocking operations take one and give up, with kUnavailable, soon after it has passed; they do not interrupt a
// system call that is about to return by itself. A value on the monotonic clock: copy it freely.
#pragma once

#include <algorithm>
#include <chrono>

namespace samcache {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline never() { return Deadline(Clock::time_point::max()); }
  static Deadline after(Clock::duration duration) {
    const Clock::time_point now = Clock::now();
    return Deadline(duration > Clock::time_point::max() - now ? Clock::time_point::max() : now + duration);
  }

  Clock::time_point time() const { return time_; }
  bool is_never() const { return time_ == Clock::time_point::max(); }
  bool passed() const { return Clock::now() >= time_; }
  // 0 once it has passed; for `never` a very long time.
  std::chrono::milliseconds remaining() const {
    if (is_never()) return std::chrono::hours(24 * 365);
    return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(time_ - Clock::now()));
  }
  // Whichever is earlier.
  Deadline within(Clock::duration duration) const { return Deadline(std::min(time_, after(duration).time_)); }

 private:
  explicit Deadline(Clock::time_point time) : time_(time) {}
  Clock::time_point time_;
};

}  // namespace samcache

// Whether a tier is worth asking: one that fails again and again is left out for a while.
//
// So a server that is down costs one caller its time now and then, not every caller every time. Closed after the first
// success. Thread-safe.
#pragma once

#include <chrono>
#include <mutex>

namespace samcache {

struct TierHealthOptions {
  int failures_before_rest = 3;  // in a row
  std::chrono::milliseconds first_rest{500};
  std::chrono::milliseconds longest_rest{30'000};  // rests double up to this
};

class TierHealth {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TierHealth(TierHealthOptions options = {}) : options_(options), rest_(options.first_rest) {}

  // False while it rests. When the rest is over one caller is let through to try it; the others wait for its outcome.
  bool may_ask(Clock::time_point now = Clock::now());
  void succeeded();
  // What fails during a rest was under way when it began, and makes it no longer.
  void failed(Clock::time_point now = Clock::now());
  bool resting(Clock::time_point now = Clock::now()) const;

 private:
  const TierHealthOptions options_;
  mutable std::mutex mutex_;
  int failures_ = 0;
  std::chrono::milliseconds rest_;
  Clock::time_point rests_until_ = {};
  bool being_tried_ = false;
};

}  // namespace samcache

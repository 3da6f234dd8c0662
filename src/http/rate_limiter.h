// Token buckets by key: so many requests a second each, with bursts. Thread-safe.
//
// The number of buckets is bounded; a new key takes the place of the one unused for longest, which then starts full
// again: with as many buckets as there are clients within a refill time, nobody gains by it.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace samcache::http {

struct RateLimit {
  double per_second = 50;
  double burst = 100;
  std::size_t max_keys = 10'000;
};

class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RateLimiter(RateLimit limit) : limit_(limit) {}

  // Takes `cost` tokens from the key's bucket. Nothing: allowed. Else how long until there are enough, whole seconds,
  // at least 1: what Retry-After says.
  std::optional<int> take(std::string_view key, double cost = 1, Clock::time_point now = Clock::now());
  std::size_t key_count() const;

 private:
  struct Bucket {
    std::string key;
    double tokens;
    Clock::time_point filled_at;
  };
  using Place = std::list<Bucket>::iterator;

  const RateLimit limit_;
  mutable std::mutex mutex_;
  std::list<Bucket> buckets_;  // most recently used first
  std::unordered_map<std::string_view, Place> by_key_;
};

}  // namespace samcache::http

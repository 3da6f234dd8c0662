#include "http/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace samcache::http {

std::optional<int> RateLimiter::take(std::string_view key, double cost, Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  } else {
    if (buckets_.size() >= limit_.max_keys) {
      by_key_.erase(buckets_.back().key);
      buckets_.pop_back();
    }
    buckets_.push_front({std::string(key), limit_.burst, now});
    by_key_.emplace(buckets_.front().key, buckets_.begin());
  }
  Bucket& bucket = buckets_.front();
  const double waited_s = std::max(0.0, std::chrono::duration<double>(now - bucket.filled_at).count());
  bucket.tokens = std::min(limit_.burst, bucket.tokens + waited_s * limit_.per_second);
  bucket.filled_at = std::max(bucket.filled_at, now);
  if (bucket.tokens >= cost) {
    bucket.tokens -= cost;
    return std::nullopt;
  }
  const double missing_s = (cost - bucket.tokens) / limit_.per_second;
  return static_cast<int>(std::clamp(std::ceil(missing_s), 1.0, 3600.0));
}

std::size_t RateLimiter::key_count() const {
  const std::scoped_lock lock(mutex_);
  return buckets_.size();
}

}  // namespace samcache::http

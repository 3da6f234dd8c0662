#include "store/tiered/tier_health.h"

#include <algorithm>

namespace samcache {

bool TierHealth::may_ask(Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (failures_ < options_.failures_before_rest) return true;
  if (now < rests_until_) return false;
  rests_until_ = now + rest_;  // this caller tries; if it never tells how it went, the next one may after a rest
  being_tried_ = true;
  return true;
}

void TierHealth::succeeded() {
  const std::scoped_lock lock(mutex_);
  failures_ = 0;
  being_tried_ = false;
  rest_ = options_.first_rest;
}

void TierHealth::failed(Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (++failures_ < options_.failures_before_rest) return;
  if (failures_ > options_.failures_before_rest && !being_tried_) return;
  being_tried_ = false;
  rests_until_ = now + rest_;
  rest_ = std::min(2 * rest_, options_.longest_rest);
}

bool TierHealth::resting(Clock::time_point now) const {
  const std::scoped_lock lock(mutex_);
  return failures_ >= options_.failures_before_rest && now < rests_until_;
}

}  // namespace samcache

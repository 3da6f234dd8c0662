#include "store/azure/access_token.h"

#include <algorithm>

namespace samcache {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};
constexpr std::chrono::seconds kRenewAgainAfter{30};  // when renewing early has failed

}  // namespace

Result<std::string> TokenCache::get(Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (true) {
    const Clock::time_point now = Clock::now();
    if (held_ && now < held_->expires && (now < held_->renew || fetching_)) return held_->value;
    if (!fetching_) break;
    if (deadline.passed()) {
      return Error{ErrorCode::kUnavailable,
                   "no token of " + source_->describe() + " by the deadline (another request is waiting for it)"};
    }
    fetched_.wait_for(lock, std::min(deadline.remaining(), std::chrono::milliseconds(60'000)));
  }
  fetching_ = true;
  lock.unlock();
  Result<AccessToken> token = source_->fetch(deadline);
  lock.lock();
  fetching_ = false;
  fetched_.notify_all();
  const Clock::time_point now = Clock::now();
  if (token) {
    // Short-lived tokens are renewed in the last quarter of their life.
    const auto early =
        std::min<std::chrono::milliseconds>(kRenewBefore, std::chrono::milliseconds(token->lifetime) / 4);
    held_ = Held{std::move(token->value), now + token->lifetime - early, now + token->lifetime};
    return held_->value;
  }
  if (held_ && now < held_->expires) {
    held_->renew = now + kRenewAgainAfter;
    return held_->value;
  }
  return token.error().within("no token of " + source_->describe());
}

void TokenCache::reject(const std::string& token) {
  const std::scoped_lock lock(mutex_);
  if (held_ && held_->value == token) held_.reset();
}

}  // namespace samcache

// The key that the service lends to an identity for signing URLs, kept for as long as it is of use.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "store/azure/blob_service.h"
#include "store/azure/read_signature.h"

namespace samcache {

// kCorrupt for what is no answer to Get User Delegation Key.
Result<UserDelegationKey> parse_delegation_key(const std::string& xml);

// Any number of threads; those that come while one fetches a key wait for it, each until its deadline.
class DelegationKeyCache {
 public:
  explicit DelegationKeyCache(BlobService& service) : service_(service) {}

  // One that is valid until `until` at least.
  Result<UserDelegationKey> get(std::chrono::system_clock::time_point until, Deadline deadline);

 private:
  Result<UserDelegationKey> fetch(std::chrono::system_clock::time_point expires, Deadline deadline);

  BlobService& service_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  bool fetching_ = false;
  std::optional<UserDelegationKey> key_;
  std::chrono::system_clock::time_point expires_ = {};
};

// The longest that the service lends one for.
inline constexpr std::chrono::hours kMaxDelegation{7 * 24};

}  // namespace samcache

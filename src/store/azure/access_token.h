// Tokens of an identity: fetched when needed, kept, and fetched anew before they expire.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"

namespace samcache {

struct AccessToken {
  std::string value;
  std::chrono::seconds lifetime{0};  // from now on
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // For messages: "the managed identity", ...
  virtual std::string describe() const = 0;
  virtual Result<AccessToken> fetch(Deadline deadline) = 0;
};

// Any number of threads. One of them fetches while the others wait, or go on with the old token as long as it is valid.
class TokenCache {
 public:
  explicit TokenCache(std::unique_ptr<TokenSource> source) : source_(std::move(source)) {}

  // One that is valid for a while yet; a failure to renew it early is no failure.
  Result<std::string> get(Deadline deadline);
  // The service did not take it: the next get() fetches another (unless somebody already has).
  void reject(const std::string& token);

 private:
  using Clock = std::chrono::steady_clock;
  struct Held {
    std::string value;
    Clock::time_point renew;
    Clock::time_point expires;
  };

  const std::unique_ptr<TokenSource> source_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  bool fetching_ = false;
  std::optional<Held> held_;
};

}  // namespace samcache

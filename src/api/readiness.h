// Whether the service can do its work, found out at most once in a while however many ask.
//
// Thread-safe and blocking: the first who asks after the while finds it out, the others wait for that.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "base/deadline.h"
#include "base/error.h"

namespace samcache {

class Readiness {
 public:
  using Check = std::function<Status(Deadline)>;

  Readiness(Check check, std::chrono::milliseconds stands) : check_(std::move(check)), stands_(stands) {}

  Status ask();

 private:
  const Check check_;
  const std::chrono::milliseconds stands_;
  std::mutex mutex_;
  std::optional<Status> last_;
  Deadline until_ = Deadline::never();
};

}  // namespace samcache

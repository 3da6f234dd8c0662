#include "api/readiness.h"

namespace samcache {
namespace {

// Shorter than the patience of those who probe: a slow answer would be no answer to them.
constexpr std::chrono::milliseconds kPatience{2'000};

}  // namespace

Status Readiness::ask() {
  const std::scoped_lock lock(mutex_);
  if (!last_ || until_.passed()) {
    last_ = check_(Deadline::after(kPatience));
    until_ = Deadline::after(stands_);
  }
  return *last_;
}

}  // namespace samcache

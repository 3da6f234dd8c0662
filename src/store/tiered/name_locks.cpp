#include "store/tiered/name_locks.h"

#include <algorithm>

namespace samcache {

bool NameLocks::Watch::still_holds() const {
  const std::scoped_lock lock(locks_->mutex_);
  return entry_->epoch == epoch_;
}

NameLocks::Lock::~Lock() {
  if (!entry_) return;
  {
    const std::scoped_lock lock(locks_->mutex_);
    entry_->locked = false;
  }
  locks_->unlocked_.notify_all();
}

void NameLocks::Lock::mark_changed() {
  const std::scoped_lock lock(locks_->mutex_);
  ++entry_->epoch;
}

NameLocks::Watch NameLocks::watch(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  Watch watch;
  watch.entry_ = entry_of(name);
  watch.epoch_ = watch.entry_->epoch;
  watch.locks_ = this;
  return watch;
}

std::optional<NameLocks::Lock> NameLocks::lock(const std::string& name, Deadline deadline) {
  std::unique_lock lock(mutex_);
  std::shared_ptr<Entry> entry = entry_of(name);
  const auto is_free = [&] { return !entry->locked; };
  if (deadline.is_never()) {
    unlocked_.wait(lock, is_free);
  } else if (!unlocked_.wait_until(lock, deadline.time(), is_free)) {
    return std::nullopt;
  }
  entry->locked = true;
  return Lock(this, std::move(entry));
}

std::shared_ptr<NameLocks::Entry> NameLocks::entry_of(const std::string& name) {
  if (entries_.size() >= next_sweep_) {
    std::erase_if(entries_, [](const auto& entry) { return entry.second.expired(); });
    next_sweep_ = std::max<std::size_t>(64, 2 * entries_.size());
  }
  std::weak_ptr<Entry>& place = entries_[name];
  std::shared_ptr<Entry> entry = place.lock();
  if (!entry) {
    entry = std::make_shared<Entry>();
    place = entry;
  }
  return entry;
}

}  // namespace samcache

// One lock for each name that somebody is busy with, and whether the name was changed meanwhile.
//
// A copy that is on its way from a slow tier to a fast one must not arrive after its object was removed or replaced: it
// takes note of the name's epoch before it reads, and before it writes sees, under the lock, whether that still holds.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/deadline.h"

namespace samcache {

class NameLocks {
  struct Entry {
    bool locked = false;
    std::uint64_t epoch = 0;
  };

 public:
  // Keeps a name's epoch alive. Holds a reference to the NameLocks it came from.
  class Watch {
   public:
    // Whether nobody has changed the name since this was made.
    bool still_holds() const;

   private:
    friend class NameLocks;
    std::shared_ptr<Entry> entry_;
    std::uint64_t epoch_ = 0;
    const NameLocks* locks_ = nullptr;
  };

  class Lock {
   public:
    Lock(Lock&& other) noexcept = default;
    Lock& operator=(Lock&&) = delete;
    ~Lock();
    // What was read of this name before is out of date.
    void mark_changed();

   private:
    friend class NameLocks;
    Lock(NameLocks* locks, std::shared_ptr<Entry> entry) : locks_(locks), entry_(std::move(entry)) {}
    NameLocks* locks_;
    std::shared_ptr<Entry> entry_;
  };

  Watch watch(const std::string& name);
  // Nothing when the deadline passed first. Not in any order, and not for a second time by one thread.
  std::optional<Lock> lock(const std::string& name, Deadline deadline);

 private:
  std::shared_ptr<Entry> entry_of(const std::string& name);  // with mutex_ held

  mutable std::mutex mutex_;
  std::condition_variable unlocked_;
  std::unordered_map<std::string, std::weak_ptr<Entry>> entries_;
  std::size_t next_sweep_ = 64;
};

}  // namespace samcache

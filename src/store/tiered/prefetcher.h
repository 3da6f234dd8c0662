// Brings objects to the fast tiers before they are asked for.
//
// Annotators go through images in order: while one is looked at, the next few and the previous one are fetched and
// pinned, so that neither background work nor other annotators push them out before they are needed. Of all that is
// known about caches for this use, that is what matters most (see docs/stores.md for figures).
//
// Thread-safe. Fetching happens on threads of its own; the destructor drops what has not begun and lets all pins go.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "store/tiered/tiered_store.h"

namespace samcache {

struct PrefetchOptions {
  std::size_t ahead = 3;   // objects after the one that is looked at
  std::size_t behind = 1;  // and before it
  std::size_t threads = 2;
  std::chrono::minutes idle{30};  // pins of somebody who has not moved for so long are let go
  std::chrono::milliseconds fetch_timeout{60'000};
};

// Of `order` the place `current`, those after it, nearest first, then those before it: what one wants to have at hand.
std::vector<std::string> window_around(std::span<const std::string> order, std::size_t current,
                                       const PrefetchOptions& options);

struct WarmResult {
  std::size_t there = 0;  // in the fast tiers now
  std::size_t missing = 0;
  std::size_t failed = 0;
};

class Prefetcher {
 public:
  Prefetcher(std::shared_ptr<TieredStore> store, PrefetchOptions options);
  ~Prefetcher();

  // `who` (a session, say) works on these objects now, the first being the most urgent; they replace the ones before.
  void works_on(const std::string& who, const std::vector<std::string>& names);
  void left(const std::string& who);
  // Waits until what was wanted so far is there (or has failed); false when the deadline came first.
  bool drain(Deadline deadline) { return pool_.drain(deadline); }

  // Fetches all of them, several at a time, and returns when that is done or the deadline has passed (the rest then
  // counts as failed). `progress` is told how many are done, from any thread, and ends it by answering false.
  WarmResult warm(std::span<const std::string> names, Deadline deadline,
                  const std::function<bool(std::size_t done)>& progress = {});

  std::size_t pinned() const;  // objects, counted once for each who works on them

 private:
  struct Window {
    std::map<std::string, Pin> pins;
    std::chrono::steady_clock::time_point moved;
  };
  bool is_wanted(const std::string& name) const;
  void drop_idle();  // with mutex_ held

  const std::shared_ptr<TieredStore> store_;
  const PrefetchOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, Window> windows_;
  TaskPool pool_;  // last: its tasks use all of the above
};

}  // namespace samcache

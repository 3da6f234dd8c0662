#include "engine/pinned_cache.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace samcache {

struct PinnedCache::Entry {
  std::string key;
  Made made;
  int users = 0;
  bool is_kept = true;  // false: forgotten, but in use
};

// One making of one value. The result keeps the value in use until everybody who waited has his own pointer.
struct PinnedCache::Flight {
  bool is_over = false;
  bool is_forgotten = false;
  std::optional<Result<Handle>> landed;  // over without it: whoever waited begins anew
  std::condition_variable changed;
};

// All of it is guarded by the mutex. An Entry or a Flight must not be destroyed under it: that may release a pointer,
// which takes the mutex, or free a device's memory, which takes its time.
struct PinnedCache::State {
  using Entries = std::list<std::shared_ptr<Entry>>;

  explicit State(std::uint64_t budget_bytes) { stats.budget_bytes = budget_bytes; }

  void start_use(Entry& entry) {
    if (entry.users++ == 0) stats.in_use_bytes += entry.made.size_bytes;
  }

  void end_use(Entry& entry) {
    if (--entry.users > 0) return;
    stats.in_use_bytes -= entry.made.size_bytes;
    if (entry.is_kept) {
      entries.splice(entries.begin(), entries, places.at(entry.key));
    } else {
      stats.bytes -= entry.made.size_bytes;
    }
  }

  void drop(Entries::iterator place, std::vector<std::shared_ptr<Entry>>& dropped) {
    Entry& entry = **place;
    if (entry.users == 0) stats.bytes -= entry.made.size_bytes;
    entry.is_kept = false;
    places.erase(entry.key);
    dropped.push_back(std::move(*place));
    entries.erase(place);
  }

  // Whether there is room for a value of this size; if there can be, it is made.
  bool make_room(std::uint64_t size_bytes, std::vector<std::shared_ptr<Entry>>& dropped) {
    if (stats.in_use_bytes > stats.budget_bytes || size_bytes > stats.budget_bytes - stats.in_use_bytes) return false;
    for (auto place = entries.end(); stats.bytes + size_bytes > stats.budget_bytes;) {
      --place;
      if ((*place)->users > 0) continue;
      const auto victim = place++;
      drop(victim, dropped);
      ++stats.evictions;
    }
    return true;
  }

  std::mutex mutex;
  Entries entries;  // most recently used first
  std::unordered_map<std::string, Entries::iterator> places;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
  PinnedCacheStats stats;
};

PinnedCache::PinnedCache(std::uint64_t budget_bytes) : state_(std::make_shared<State>(budget_bytes)) {}

PinnedCache::~PinnedCache() { forget(""); }

// A use of the entry must have been started for it: it ends with the last copy of the pointer.
PinnedCache::Handle PinnedCache::handle_to(const std::shared_ptr<State>& state, const std::shared_ptr<Entry>& entry) {
  return {entry->made.value.get(), [state, entry](const void*) {
            const std::scoped_lock lock(state->mutex);
            state->end_use(*entry);
          }};
}

Result<std::shared_ptr<const void>> PinnedCache::get(const std::string& key, const Make& make) {
  for (;;) {
    // Before the lock, so that they are destroyed after it is released.
    std::shared_ptr<Entry> entry;
    std::shared_ptr<Flight> flight;
    std::unique_lock lock(state_->mutex);
    if (const auto found = state_->places.find(key); found != state_->places.end()) {
      entry = *found->second;
      state_->start_use(*entry);
      state_->entries.splice(state_->entries.begin(), state_->entries, found->second);
      ++state_->stats.hits;
      lock.unlock();
      return handle_to(state_, entry);
    }
    std::shared_ptr<Flight>& under_way = state_->flights[key];
    if (!under_way) {
      flight = under_way = std::make_shared<Flight>();
      ++state_->stats.misses;
      lock.unlock();
      return lead(key, flight, make);
    }
    flight = under_way;
    ++state_->stats.joined;
    flight->changed.wait(lock, [&] { return flight->is_over; });
    if (flight->landed) return *flight->landed;
  }
}

Result<PinnedCache::Handle> PinnedCache::lead(const std::string& key, const std::shared_ptr<Flight>& flight,
                                              const Make& make) {
  const auto land = [&](std::optional<Result<Handle>> result) {
    const std::scoped_lock lock(state_->mutex);
    flight->landed = std::move(result);
    flight->is_over = true;
    const auto under_way = state_->flights.find(key);
    if (under_way != state_->flights.end() && under_way->second == flight) state_->flights.erase(under_way);
    flight->changed.notify_all();
  };
  try {
    Result<Made> made = make();
    if (!made) {
      const bool is_shared = made.error().code != ErrorCode::kCancelled;
      land(is_shared ? std::optional(Result<Handle>(made.error())) : std::nullopt);
      return made.error();
    }
    check(made->value != nullptr, "PinnedCache: nothing was made for " + key);
    Handle handle = keep(key, *flight, *std::move(made));
    land(handle);
    return handle;
  } catch (...) {
    land(std::nullopt);
    throw;
  }
}

PinnedCache::Handle PinnedCache::keep(const std::string& key, const Flight& flight, Made made) {
  const auto entry = std::make_shared<Entry>(Entry{key, std::move(made)});
  std::vector<std::shared_ptr<Entry>> dropped;
  {
    const std::scoped_lock lock(state_->mutex);
    if (flight.is_forgotten) return entry->made.value;
    if (!state_->make_room(entry->made.size_bytes, dropped)) {
      ++state_->stats.uncached;
      return entry->made.value;
    }
    state_->entries.push_front(entry);
    state_->places.emplace(key, state_->entries.begin());
    state_->stats.bytes += entry->made.size_bytes;
    state_->start_use(*entry);
  }
  return handle_to(state_, entry);
}

void PinnedCache::forget(const std::string& prefix) {
  std::vector<std::shared_ptr<Entry>> dropped;
  const std::scoped_lock lock(state_->mutex);
  for (auto place = state_->entries.begin(); place != state_->entries.end();) {
    const auto next = std::next(place);
    if ((*place)->key.starts_with(prefix)) state_->drop(place, dropped);
    place = next;
  }
  std::erase_if(state_->flights, [&](const auto& under_way) {
    if (!under_way.first.starts_with(prefix)) return false;
    under_way.second->is_forgotten = true;  // its leader still holds it
    return true;
  });
}

PinnedCacheStats PinnedCache::stats() const {
  const std::scoped_lock lock(state_->mutex);
  PinnedCacheStats stats = state_->stats;
  stats.entries = state_->entries.size();
  return stats;
}

}  // namespace samcache

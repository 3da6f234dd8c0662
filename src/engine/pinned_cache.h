// Values by key under a byte budget, made once however many ask: what DeviceCache is made of, without libtorch.
//
// A value is in use for as long as somebody holds a pointer to it that was handed out here. What is in use counts
// against the budget and is never evicted: its memory would not be freed. Of the rest the least recently used goes
// first; the time of use is when the last holder let go. A new value that does not fit beside those in use is handed to
// whoever asked for it and not kept (`uncached` counts these).
//
// Of several threads that ask for the same new key one makes the value, the others wait for it. If it fails they get
// its error; if it was cancelled (kCancelled) or threw, one of them makes the value in its own way.
//
// The budget bounds what is kept: values that are being made, and uncached ones in use, come on top. Room is made when
// the size is known, after the making.
//
// Thread-safe. Values are made and destroyed outside the lock. Pointers may outlive the cache.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"

namespace samcache {

struct PinnedCacheStats {
  std::uint64_t hits = 0;       // found
  std::uint64_t joined = 0;     // waited for a value that another caller was making
  std::uint64_t misses = 0;     // made
  std::uint64_t evictions = 0;  // for want of room; not those forgotten
  std::uint64_t uncached = 0;   // made, but there was no room to keep them
  std::uint64_t entries = 0;    // kept now
  std::uint64_t bytes = 0;      // kept now, and forgotten ones still in use
  std::uint64_t in_use_bytes = 0;
  std::uint64_t budget_bytes = 0;
};

class PinnedCache {
 public:
  struct Made {
    std::shared_ptr<const void> value;  // not nullptr
    std::uint64_t size_bytes = 0;
  };
  using Make = std::function<Result<Made>()>;

  explicit PinnedCache(std::uint64_t budget_bytes);
  ~PinnedCache();
  PinnedCache(const PinnedCache&) = delete;
  PinnedCache& operator=(const PinnedCache&) = delete;

  // The value under this key, or what `make` makes; errors and exceptions are those of `make`. It must not ask this
  // cache for the same key. The pointer is the value's own: cast it to what `make` made.
  Result<std::shared_ptr<const void>> get(const std::string& key, const Make& make);

  // Forgets all keys with this prefix. Values in use live on with their holders; values that are being made are handed
  // to those who wait for them and not kept.
  void forget(const std::string& prefix);

  PinnedCacheStats stats() const;

 private:
  struct Entry;
  struct Flight;
  struct State;
  using Handle = std::shared_ptr<const void>;

  static Handle handle_to(const std::shared_ptr<State>& state, const std::shared_ptr<Entry>& entry);
  Result<Handle> lead(const std::string& key, const std::shared_ptr<Flight>& flight, const Make& make);
  Handle keep(const std::string& key, const Flight& flight, Made made);

  std::shared_ptr<State> state_;  // shared with the pointers handed out
};

}  // namespace samcache

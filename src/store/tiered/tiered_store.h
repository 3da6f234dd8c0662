// Several stores as one: fast and small ones in front, the one that keeps everything at the end.
//
// Reading goes through: the tiers are asked in order, and what a slow one had is copied to the faster ones before it.
// Of many callers that want the same object at the same time one reads it (or makes it), the others get what it got.
// A tier that fails is passed over, and left alone for a while when it fails again and again; a caller sees an error
// only when the object may be there and no tier that could have it answers.
//
// The last tier is the persistent one: an object is saved when it is there. With write-back it is saved when it is in
// the staging tier, a store that survives a restart, and goes on to the persistent one in the background (see
// pending_writes.h); it stays pinned until it is there. What background work saves goes past the other tiers, or it
// would push out what people are working on.
//
// The stores are shared, everything else is this object's. Any number of threads; every wait ends at its deadline,
// where the stores see to theirs. The destructor drops copies that have not begun and waits for what is going on, at
// most the tiers' timeouts: whoever wants them made calls flush() before. Wrap each store in a VerifiedStore so that
// wrong bytes of one tier are a miss there and never travel to another.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "store/object_store.h"
#include "store/tiered/cost_estimate.h"
#include "store/tiered/flights.h"
#include "store/tiered/name_locks.h"
#include "store/tiered/pending_writes.h"
#include "store/tiered/tier_health.h"

namespace samcache {

struct TierOptions {
  std::shared_ptr<ObjectStore> store = {};
  std::chrono::milliseconds timeout{10'000};  // of one operation; the caller's deadline may be earlier
  bool copy_at_once = false;                  // a copy to it is worth waiting for: memory; else it is made behind
};

struct TieredOptions {
  std::vector<TierOptions> tiers = {};        // fastest first; at least one
  bool write_back = false;                    // needs a staging tier
  std::size_t staging_tier = 0;               // its index, with write_back; not the last
  std::filesystem::path pending_folder = {};  // with write_back: where it is noted what must still be written
  std::size_t background_threads = 4;
  std::size_t max_background_tasks = 256;  // copies beyond that are not made
  TierHealthOptions health = {};
  std::function<void(const Error&)> on_error = {};  // of background work and of tiers passed over; from any thread
};

// What background work saves.
enum class Admission {
  kEverywhere,      // somebody is about to use it
  kPersistentOnly,  // nobody is
};

struct TierStats {
  std::string kind = {};
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t errors = 0;
  std::uint64_t passed_over = 0;  // because it was resting, or making anew was cheaper
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  double read_seconds = 0;  // of the hits
  bool resting = false;
  StoreUsage usage = {};
};

struct TieredStats {
  std::vector<TierStats> tiers = {};
  std::uint64_t made = 0;
  std::uint64_t shared = 0;          // callers that got what another had fetched or made
  std::uint64_t pending_writes = 0;  // of write-back
  std::uint64_t dropped_copies = 0;  // because too many were waiting
};

class TieredStore : public ObjectStore {
 public:
  // Makes an object that no tier has. Called on the thread of one of those who want it.
  using Maker = std::function<Result<SharedBytes>()>;

  struct Fetch {
    Deadline deadline = Deadline::never();
    Maker make = {};  // none: a miss is a miss
    // How long making takes, as far as is known; what was measured counts more. 0: not known.
    double make_seconds = 0;
    bool copy_to_faster = true;
  };
  struct Fetched {
    SharedBytes bytes;
    std::string source;  // the tier's kind, or "made"
  };

  // kInvalidArgument: no tiers, or write-back without a staging tier. Writes noted by an earlier process go on at once.
  static Result<std::shared_ptr<TieredStore>> open(TieredOptions options);
  ~TieredStore() override;

  // Nothing: no tier has it and there was no maker. With a maker an object is made when every tier misses or fails, and
  // when making it is expected to take less time than fetching it.
  Result<std::optional<Fetched>> fetch(const std::string& name, const Fetch& how);

  std::string kind() const override { return "tiered"; }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Admission admission,
                    Deadline deadline);
  // From every tier; the first error, after all were asked.
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  // What any tier has. An error only when the persistent one fails, or the staging one with write-back.
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;
  Status quarantine(const std::string& name, Deadline deadline) override;
  Pin pin(const std::string& name) override;
  StoreUsage usage() const override;

  // Waits for copies and pending writes; false when the deadline came first.
  bool flush(Deadline deadline);
  TieredStats stats() const;

 private:
  struct Tier;
  using Outcome = Result<std::optional<Fetched>>;
  struct Landing {
    Outcome outcome;
    bool had_maker = false;
  };

  explicit TieredStore(TieredOptions options);
  std::optional<Fetched> at_hand(const std::string& name, Deadline deadline);
  Outcome search(const std::string& name, const Fetch& how);
  Outcome make(const std::string& name, const Fetch& how, const NameLocks::Watch& watch);
  Outcome ask(std::size_t tier, const std::string& name, Deadline deadline);
  bool keeps_all(std::size_t tier) const { return tier == last() || tier == durable_tier(); }
  bool dearer_than_making(const Tier& tier, const std::string& name, const Fetch& how) const;
  void copy_to_faster(std::size_t from, const std::string& name, const SharedBytes& bytes,
                      const NameLocks::Watch& watch, Deadline deadline);
  void copy_behind(std::size_t to, const std::string& name, const SharedBytes& bytes, const NameLocks::Watch& watch);
  void copy(std::size_t to, const std::string& name, const SharedBytes& bytes, const NameLocks::Watch& watch,
            const std::optional<NameLocks::Lock>& lock, Deadline deadline);
  Result<bool> save_to(std::size_t tier, const std::string& name, const SharedBytes& bytes, SaveMode mode,
                       Deadline deadline);
  Result<bool> save_durably(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline);
  void mark_changed(const std::string& name, NameLocks::Lock& lock);
  Result<bool> remove_everywhere(const std::string& name, NameLocks::Lock& lock, Deadline deadline);
  Status write_pending(const PendingWrite& write);
  Status undo_write(const std::string& name);
  void report(const Error& error) const;
  std::size_t last() const { return tiers_.size() - 1; }
  std::size_t durable_tier() const { return options_.write_back ? options_.staging_tier : last(); }

  const TieredOptions options_;
  std::vector<std::unique_ptr<Tier>> tiers_;
  NameLocks locks_;
  Flights<Landing> flights_;
  CostEstimate make_cost_;
  std::atomic<std::uint64_t> made_ = 0, shared_ = 0, dropped_copies_ = 0;
  std::unique_ptr<PendingWrites> pending_;  // with write-back
  TaskPool background_;                     // last: its tasks use all of the above
};

}  // namespace samcache

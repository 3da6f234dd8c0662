#include "store/tiered/tiered_store.h"

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "store/object_name.h"

namespace samcache {
namespace {

constexpr double kMsPerSecond = 1000;
// A copy that a caller waits for is not worth more than this when somebody else is busy with the same name.
constexpr std::chrono::milliseconds kCopyPatience{20};

// Whether trying again may help: what makes a tier rest.
bool is_outage(const Error& error) { return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kIo; }

}  // namespace

struct TieredStore::Tier {
  Tier(TierOptions tier_options, const TierHealthOptions& health_options)
      : options(std::move(tier_options)), health(health_options) {}

  ObjectStore& store() const { return *options.store; }
  Deadline within(Deadline deadline) const { return deadline.within(options.timeout); }

  Error resting_error() const { return {ErrorCode::kUnavailable, "the " + store().kind() + " store does not answer"}; }

  // operation(store, its deadline), for a caller who waits until `deadline`; tells the health how it went.
  template <class Operation>
  auto run(const std::string& name, Deadline deadline, const Operation& operation) {
    const Stopwatch stopwatch;
    const auto result = operation(store(), within(deadline));
    if (result) {
      health.succeeded();
    } else if (result.error().code != ErrorCode::kOutOfSpace) {
      errors.fetch_add(1, std::memory_order_relaxed);
      // One who left before this tier usually answers says nothing about it.
      const double seconds = stopwatch.elapsed_ms() / kMsPerSecond;
      const bool left_early = deadline.passed() && seconds < fetch_cost.seconds(name).value_or(0);
      if (is_outage(result.error()) && !left_early) health.failed();
    }
    return result;
  }

  const TierOptions options;
  TierHealth health;
  CostEstimate fetch_cost;
  std::atomic<std::uint64_t> hits = 0, misses = 0, errors = 0, passed_over = 0, read_bytes = 0, written_bytes = 0,
                             read_microseconds = 0;
};

Result<std::shared_ptr<TieredStore>> TieredStore::open(TieredOptions options) {
  if (options.tiers.empty()) return Error{ErrorCode::kInvalidArgument, "a tiered store needs at least one store"};
  if (options.write_back && options.staging_tier + 1 >= options.tiers.size()) {
    return Error{ErrorCode::kInvalidArgument, "write-back needs a staging store before the persistent one"};
  }
  std::shared_ptr<TieredStore> store(new TieredStore(std::move(options)));
  if (store->options_.write_back) {
    TieredStore* self = store.get();
    Result<std::unique_ptr<PendingWrites>> pending = PendingWrites::open(
        {.folder = self->options_.pending_folder},
        [self](const PendingWrite& write) { return self->write_pending(write); },
        [self](const std::string& name) { return self->tiers_[self->durable_tier()]->store().pin(name); });
    if (!pending) return pending.error();
    store->pending_ = std::move(*pending);
  }
  return store;
}

TieredStore::TieredStore(TieredOptions options)
    : options_(std::move(options)), background_(options_.background_threads, options_.max_background_tasks) {
  for (const TierOptions& tier : options_.tiers) tiers_.push_back(std::make_unique<Tier>(tier, options_.health));
}

TieredStore::~TieredStore() = default;

void TieredStore::report(const Error& error) const {
  if (options_.on_error) options_.on_error(error);
}

Result<std::optional<TieredStore::Fetched>> TieredStore::fetch(const std::string& name, const Fetch& how) {
  if (Status status = check_object_name(name); !status) return status.error();
  if (std::optional<Fetched> found = at_hand(name, how.deadline)) return found;
  for (;;) {
    auto boarding = flights_.board(name, how.deadline);
    if (boarding.leader) {
      Outcome outcome = search(name, how);
      // One who ran out of time does not speak for those who have more.
      if (outcome || !how.deadline.passed()) boarding.leader->land({outcome, how.make != nullptr});
      return outcome;
    }
    if (!boarding.value) return deadline_error("load " + name);
    const Landing& landing = *boarding.value;
    const bool got_it = landing.outcome && *landing.outcome;
    if (!got_it && how.make && !landing.had_maker) continue;  // the one who looked could not make it
    if (got_it) shared_.fetch_add(1, std::memory_order_relaxed);
    return landing.outcome;
  }
}

// What is in memory is had without a flight.
std::optional<TieredStore::Fetched> TieredStore::at_hand(const std::string& name, Deadline deadline) {
  Tier& first = *tiers_.front();
  if (!first.options.copy_at_once || !first.health.may_ask()) return std::nullopt;
  const auto found = first.run(
      name, deadline, [&](ObjectStore& store, Deadline store_deadline) { return store.load(name, store_deadline); });
  if (!found || !*found) return std::nullopt;
  first.hits.fetch_add(1, std::memory_order_relaxed);
  first.read_bytes.fetch_add((*found)->size(), std::memory_order_relaxed);
  return Fetched{**found, first.store().kind()};
}

TieredStore::Outcome TieredStore::search(const std::string& name, const Fetch& how) {
  const NameLocks::Watch watch = locks_.watch(name);
  std::optional<Error> failure;  // of a tier that may have what the others miss
  std::vector<std::size_t> dearer;
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    Tier& tier = *tiers_[i];
    if (dearer_than_making(tier, name, how)) {
      tier.passed_over.fetch_add(1, std::memory_order_relaxed);
      dearer.push_back(i);
      continue;
    }
    if (!tier.health.may_ask()) {
      tier.passed_over.fetch_add(1, std::memory_order_relaxed);
      if (keeps_all(i)) failure = tier.resting_error();
      continue;
    }
    Outcome outcome = ask(i, name, how.deadline);
    if (outcome && *outcome) {
      if (how.copy_to_faster) copy_to_faster(i, name, (*outcome)->bytes, watch, how.deadline);
      return outcome;
    }
    if (!outcome && keeps_all(i)) failure = outcome.error();
    if (how.deadline.passed()) return deadline_error("load " + name);
  }
  if (how.make) {
    Outcome made = make(name, how, watch);
    for (const std::size_t i : dearer) {
      if (made) break;
      const Outcome fetched = ask(i, name, how.deadline);
      if (fetched && *fetched) return fetched;
    }
    return made;
  }
  if (failure) return *failure;
  return std::optional<Fetched>();
}

bool TieredStore::dearer_than_making(const Tier& tier, const std::string& name, const Fetch& how) const {
  if (!how.make) return false;
  const std::optional<double> fetching = tier.fetch_cost.seconds(name);
  const double making = make_cost_.seconds(name).value_or(how.make_seconds);
  return fetching && making > 0 && *fetching > making;
}

TieredStore::Outcome TieredStore::ask(std::size_t index, const std::string& name, Deadline deadline) {
  Tier& tier = *tiers_[index];
  const Stopwatch stopwatch;
  const auto found = tier.run(
      name, deadline, [&](ObjectStore& store, Deadline store_deadline) { return store.load(name, store_deadline); });
  const double seconds = stopwatch.elapsed_ms() / kMsPerSecond;
  if (!found) {
    // A tier that times out is as dear as its timeout; one that refuses at once is no cheaper for it.
    const bool took_long = seconds > tier.fetch_cost.seconds(name).value_or(0);
    if (is_outage(found.error()) && took_long) tier.fetch_cost.add(name, seconds);
    report(found.error());
    return found.error();
  }
  if (!*found) {
    tier.misses.fetch_add(1, std::memory_order_relaxed);
    return std::optional<Fetched>();
  }
  tier.fetch_cost.add(name, seconds);
  tier.hits.fetch_add(1, std::memory_order_relaxed);
  tier.read_bytes.fetch_add((*found)->size(), std::memory_order_relaxed);
  tier.read_microseconds.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
  return std::optional(Fetched{**found, tier.store().kind()});
}

TieredStore::Outcome TieredStore::make(const std::string& name, const Fetch& how, const NameLocks::Watch& watch) {
  const Stopwatch stopwatch;
  Result<SharedBytes> made = how.make();
  if (!made) return made.error();
  make_cost_.add(name, stopwatch.elapsed_ms() / kMsPerSecond);
  made_.fetch_add(1, std::memory_order_relaxed);
  if (how.copy_to_faster) copy_to_faster(durable_tier(), name, *made, watch, how.deadline);
  const auto keep = [this, name, bytes = *made, watch](Deadline deadline) {
    const std::optional<NameLocks::Lock> lock = locks_.lock(name, deadline);
    if (!lock) return report(deadline_error("keep " + name));
    if (!watch.still_holds()) return;
    const Result<bool> saved = save_durably(name, bytes, SaveMode::kKeep, deadline);
    if (!saved) report(saved.error());
  };
  if (!background_.try_post([keep] { keep(Deadline::never()); })) keep(how.deadline);
  return std::optional(Fetched{std::move(*made), "made"});
}

void TieredStore::copy_to_faster(std::size_t from, const std::string& name, const SharedBytes& bytes,
                                 const NameLocks::Watch& watch, Deadline deadline) {
  for (std::size_t i = 0; i < from; ++i) {
    if (tiers_[i]->options.copy_at_once) {
      copy(i, name, bytes, watch, locks_.lock(name, deadline.within(kCopyPatience)), deadline);
    } else {
      copy_behind(i, name, bytes, watch);
    }
  }
}

void TieredStore::copy_behind(std::size_t to, const std::string& name, const SharedBytes& bytes,
                              const NameLocks::Watch& watch) {
  const bool posted = background_.try_post([this, to, name, bytes, watch] {
    copy(to, name, bytes, watch, locks_.lock(name, Deadline::never()), Deadline::never());
  });
  if (!posted) dropped_copies_.fetch_add(1, std::memory_order_relaxed);
}

void TieredStore::copy(std::size_t to, const std::string& name, const SharedBytes& bytes, const NameLocks::Watch& watch,
                       const std::optional<NameLocks::Lock>& lock, Deadline deadline) {
  if (!lock || !watch.still_holds() || !tiers_[to]->health.may_ask()) return;
  const Result<bool> saved = save_to(to, name, bytes, SaveMode::kKeep, deadline);
  if (!saved && saved.error().code != ErrorCode::kOutOfSpace) report(saved.error());
}

Result<bool> TieredStore::save_to(std::size_t index, const std::string& name, const SharedBytes& bytes, SaveMode mode,
                                  Deadline deadline) {
  Tier& tier = *tiers_[index];
  const Result<bool> saved = tier.run(name, deadline, [&](ObjectStore& store, Deadline store_deadline) {
    return store.save(name, bytes, mode, store_deadline);
  });
  if (saved && *saved) tier.written_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
  return saved;
}

Result<bool> TieredStore::save_durably(const std::string& name, const SharedBytes& bytes, SaveMode mode,
                                       Deadline deadline) {
  // Noted before it is staged: what is staged and not noted would never get further, and look as if it had.
  if (pending_) {
    if (Status noted = pending_->add({name, mode}); !noted) return noted.error();
  }
  return save_to(durable_tier(), name, bytes, mode, deadline);
}

Result<bool> TieredStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) {
  return save(name, bytes, mode, Admission::kEverywhere, deadline);
}

Result<bool> TieredStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Admission admission,
                               Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  std::optional<NameLocks::Lock> lock = locks_.lock(name, deadline);
  if (!lock) return deadline_error("save " + name);
  const Result<bool> saved = save_durably(name, bytes, mode, deadline);
  if (mode == SaveMode::kReplace) {
    // Whatever became of it, what the faster tiers hold is not to be trusted to be the same.
    for (std::size_t i = 0; i < tiers_.size(); ++i) {
      if (keeps_all(i)) continue;
      if (const Result<bool> removed = tiers_[i]->store().remove(name, tiers_[i]->within(deadline)); !removed) {
        report(removed.error());
      }
    }
  }
  mark_changed(name, *lock);
  const NameLocks::Watch watch = locks_.watch(name);  // under the lock: the next one may replace these bytes
  lock.reset();
  if (saved && *saved && admission == Admission::kEverywhere) {
    copy_to_faster(durable_tier(), name, bytes, watch, deadline);
  }
  return saved;
}

// What was read before is neither copied nor handed to those who come now.
void TieredStore::mark_changed(const std::string& name, NameLocks::Lock& lock) {
  lock.mark_changed();
  flights_.begin_anew(name);
}

Status TieredStore::write_pending(const PendingWrite& write) {
  if (write.withdrawn) return undo_write(write.name);
  Tier& staging = *tiers_[durable_tier()];
  std::optional<NameLocks::Lock> lock = locks_.lock(write.name, Deadline::never());
  const auto staged = staging.store().load(write.name, staging.within(Deadline::never()));
  if (!staged) return staged.error();
  if (!*staged) {
    // A store that checks its bytes calls a read that went wrong a miss: it is gone when it is not there, either.
    const Result<bool> there = staging.store().exists(write.name, staging.within(Deadline::never()));
    if (!there) return there.error();
    if (*there) return Error{ErrorCode::kUnavailable, "cannot read " + write.name + " from where it was staged"};
    return {};
  }
  lock.reset();
  if (!tiers_[last()]->health.may_ask()) return tiers_[last()]->resting_error();
  const Result<bool> written = save_to(last(), write.name, **staged, write.mode, Deadline::never());
  if (!written) {
    report(written.error());
    return written.error();
  }
  return {};
}

// It was removed while it was on its way to the persistent tier, and may have arrived there after that.
Status TieredStore::undo_write(const std::string& name) {
  Tier& staging = *tiers_[durable_tier()];
  std::optional<NameLocks::Lock> lock = locks_.lock(name, Deadline::never());
  const Result<bool> saved_anew = staging.store().exists(name, staging.within(Deadline::never()));
  if (!saved_anew) return saved_anew.error();
  if (*saved_anew) return {};  // and noted: that one will take its place
  const Result<bool> removed = remove_everywhere(name, *lock, Deadline::never());
  return removed ? Status{} : Status(removed.error());
}

Result<bool> TieredStore::remove(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  std::optional<NameLocks::Lock> lock = locks_.lock(name, deadline);
  if (!lock) return deadline_error("remove " + name);
  if (pending_) pending_->forget(name);
  return remove_everywhere(name, *lock, deadline);
}

Result<bool> TieredStore::remove_everywhere(const std::string& name, NameLocks::Lock& lock, Deadline deadline) {
  bool existed = false;
  std::optional<Error> failure;
  for (const std::unique_ptr<Tier>& tier : tiers_) {
    const Result<bool> removed = tier->run(name, deadline, [&](ObjectStore& store, Deadline store_deadline) {
      return store.remove(name, store_deadline);
    });
    if (!removed && !failure) failure = removed.error();
    existed = existed || (removed && *removed);
  }
  mark_changed(name, lock);
  if (failure) return *failure;
  return existed;
}

Status TieredStore::quarantine(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  std::optional<NameLocks::Lock> lock = locks_.lock(name, deadline);
  if (!lock) return deadline_error("quarantine " + name);
  if (pending_) pending_->forget(name);
  Status result;
  for (const std::unique_ptr<Tier>& tier : tiers_) {
    Status set_aside = tier->store().quarantine(name, tier->within(deadline));
    if (!set_aside && result) result = set_aside;
  }
  mark_changed(name, *lock);
  return result;
}

Result<std::optional<ObjectInfo>> TieredStore::stat(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  std::optional<Error> failure;
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    Tier& tier = *tiers_[i];
    const auto look = [&](ObjectStore& store, Deadline store_deadline) { return store.stat(name, store_deadline); };
    const Result<std::optional<ObjectInfo>> info =
        tier.health.may_ask() ? tier.run(name, deadline, look) : tier.resting_error();
    if (info && *info) return info;
    if (!info && keeps_all(i)) failure = info.error();
  }
  if (failure) return *failure;
  return std::optional<ObjectInfo>();
}

Result<std::optional<SharedBytes>> TieredStore::load(const std::string& name, Deadline deadline) {
  Outcome found = fetch(name, {.deadline = deadline});
  if (!found) return found.error();
  if (!*found) return std::optional<SharedBytes>();
  return std::optional(std::move((*found)->bytes));
}

Result<std::vector<ObjectInfo>> TieredStore::list(const std::string& prefix, Deadline deadline) {
  if (Status status = check_name_prefix(prefix); !status) return status.error();
  std::map<std::string, ObjectInfo> found;
  for (std::size_t i = tiers_.size(); i-- > 0;) {  // the persistent tier's sizes and times count
    Tier& tier = *tiers_[i];
    const auto look = [&](ObjectStore& store, Deadline store_deadline) { return store.list(prefix, store_deadline); };
    const Result<std::vector<ObjectInfo>> listed =
        tier.health.may_ask() ? tier.run(prefix, deadline, look) : tier.resting_error();
    if (!listed) {
      if (keeps_all(i)) return listed.error();
      report(listed.error());
      continue;
    }
    for (const ObjectInfo& info : *listed) found.try_emplace(info.name, info);
  }
  std::vector<ObjectInfo> infos;
  for (auto& [name, info] : found) infos.push_back(std::move(info));
  return infos;
}

Pin TieredStore::pin(const std::string& name) {
  auto pins = std::make_shared<std::vector<Pin>>();
  for (const std::unique_ptr<Tier>& tier : tiers_) pins->push_back(tier->store().pin(name));
  return pins;
}

StoreUsage TieredStore::usage() const { return tiers_.back()->store().usage(); }

bool TieredStore::flush(Deadline deadline) {
  return background_.drain(deadline) && (!pending_ || pending_->drain(deadline));
}

TieredStats TieredStore::stats() const {
  TieredStats stats;
  stats.made = made_;
  stats.shared = shared_;
  stats.dropped_copies = dropped_copies_;
  if (pending_) stats.pending_writes = pending_->count();
  for (const std::unique_ptr<Tier>& tier : tiers_) {
    stats.tiers.push_back({.kind = tier->store().kind(),
                           .hits = tier->hits,
                           .misses = tier->misses,
                           .errors = tier->errors,
                           .passed_over = tier->passed_over,
                           .read_bytes = tier->read_bytes,
                           .written_bytes = tier->written_bytes,
                           .read_seconds = static_cast<double>(tier->read_microseconds) / 1e6,
                           .resting = tier->health.resting(),
                           .usage = tier->store().usage()});
  }
  return stats;
}

}  // namespace samcache

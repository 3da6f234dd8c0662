#include "store/disk/disk_room.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace samcache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long a save waits for room that others are writing into.
constexpr seconds kLongestWaitForRoom(30);
constexpr milliseconds kLongestPause(50);
// Objects evicted in one turn of the thread that does so in the background.
constexpr int kEvictionsPerTurn = 16;

}  // namespace

DiskRoom::DiskRoom(const DiskStoreOptions& options, std::shared_ptr<const ObjectFiles> files)
    : options_(options), files_(std::move(files)) {}

Result<DiskRoom::Turn> DiskRoom::take_turn(Wants wants, Deadline deadline) {
  Turn turn;
  if (!keeps_index()) return turn;
  turn.thread = std::unique_lock(turn_mutex_, std::defer_lock);
  if (deadline.is_never()) {
    turn.thread.lock();
  } else if (!turn.thread.try_lock_until(deadline.time())) {
    return deadline_error("change " + files_->root().string());
  }
  Result<FolderLock> process = FolderLock::acquire(files_->root(), options_.shared, deadline);
  if (!process) return process.error();
  turn.process.emplace(*std::move(process));

  const bool is_known = known_generation_ == turn.process->generation_before() && !is_wrong_;
  if (options_.shared ? wants == Wants::kRoom : !is_known) {
    if (Status status = look_at_folder(); !status) return status.error();
  }
  known_generation_ = turn.process->generation();
  return turn;
}

Status DiskRoom::look_at_folder() {
  struct Seen {
    std::int64_t used_ns;
    std::string name;
    std::uint64_t charge_bytes;
  };
  is_wrong_ = false;
  std::vector<Seen> objects;
  std::uint64_t others_bytes = 0;
  const auto visit = [&](const FoundFile& found) {
    if (found.is_temporary) {
      const std::scoped_lock lock(state_mutex_);
      if (in_flight_.contains(found.name)) return;
    }
    if (found.is_temporary && files_->is_abandoned(found, options_.stale_temporary_age) &&
        ::unlinkat(found.folder_fd, found.leaf, 0) == 0) {
      return;
    }
    struct stat status = {};
    if (::fstatat(found.folder_fd, found.leaf, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    const std::uint64_t charge_bytes = charged_bytes(status);
    if (found.is_temporary) {
      others_bytes += files_->greatest_charge(charge_bytes);
    } else {
      objects.push_back({accessed_ns(status), found.name, charge_bytes});
    }
  };
  if (Status status = files_->walk("", visit); !status) return status;
  const Result<std::uint64_t> aside_bytes = files_->trim_quarantine(options_.max_quarantined);
  if (!aside_bytes) return aside_bytes.error();
  std::ranges::sort(objects, {}, [](const Seen& seen) { return std::tie(seen.used_ns, seen.name); });

  const std::scoped_lock lock(state_mutex_);
  index_.clear_objects();
  for (const Seen& seen : objects) index_.put(seen.name, seen.charge_bytes);
  others_bytes_ = others_bytes;
  aside_bytes_ = *aside_bytes;
  // A clock that was set back must not put what is used from now on behind what was used before.
  if (!objects.empty()) last_access_time_ = std::max(last_access_time_.load(), objects.back().used_ns);
  return {};
}

Status DiskRoom::open(Deadline deadline) {
  if (!keeps_index()) {
    // A share without a budget: only the abandoned temporaries matter, and only they are looked at.
    return files_->walk("", [this](const FoundFile& found) {
      if (found.is_temporary && files_->is_abandoned(found, options_.stale_temporary_age)) {
        ::unlinkat(found.folder_fd, found.leaf, 0);
      }
    });
  }
  const Result<Turn> turn = take_turn(Wants::kRoom, deadline);
  if (!turn) return turn.error();
  // The budget may be smaller than it was the last time.
  if (options_.budget_bytes != 0 && !make_room("", 0)) {
    return Error{ErrorCode::kOutOfSpace, "cannot bring " + files_->root().string() + " below its budget of " +
                                             std::to_string(options_.budget_bytes) + " bytes"};
  }
  return {};
}

std::uint64_t DiskRoom::taken_bytes() const {
  return index_.used_bytes() + in_flight_bytes_ + others_bytes_ + aside_bytes_;
}

// Deletes the least recently used object; the room it took, or nothing when there is none that may go.
std::optional<std::uint64_t> DiskRoom::evict_one() {
  const std::scoped_lock lock(state_mutex_);
  const auto victims = index_.victims(1);
  if (!victims) return std::nullopt;
  const std::string& name = victims->front();
  if (options_.on_step) options_.on_step(DiskStep::kEvicting, name);
  const std::uint64_t charge_bytes = index_.size_of(name).value_or(0);
  const Result<bool> removed = files_->remove(name, false);
  index_.erase(name);
  if (!removed) {
    // It stays, and takes its room without being offered again.
    others_bytes_ += charge_bytes;
    return 0;
  }
  ++evictions_;
  return charge_bytes;
}

// Frees at least `wanted_bytes`, or says that it cannot be done and evicts nothing.
bool DiskRoom::evict(std::uint64_t wanted_bytes) {
  bool needs_aside = false;
  {
    const std::scoped_lock lock(state_mutex_);
    const std::uint64_t evictable = evictable_bytes();
    if (evictable + aside_bytes_ < wanted_bytes) return false;
    needs_aside = evictable < wanted_bytes;
  }
  std::uint64_t freed_bytes = 0;
  if (needs_aside && files_->trim_quarantine(0)) {
    const std::scoped_lock lock(state_mutex_);
    freed_bytes = std::exchange(aside_bytes_, 0);
  }
  while (freed_bytes < wanted_bytes) {
    const std::optional<std::uint64_t> freed = evict_one();
    if (!freed) return false;
    freed_bytes += *freed;
  }
  return true;
}

bool DiskRoom::make_room(const std::string& name, std::uint64_t charge_bytes) {
  std::uint64_t wanted_bytes = 0;
  {
    const std::scoped_lock lock(state_mutex_);
    const std::uint64_t after_bytes = taken_bytes() + charge_bytes;
    if (after_bytes <= options_.budget_bytes) return true;
    wanted_bytes = after_bytes - options_.budget_bytes;
  }
  // The object that is to be replaced goes only when the others do not suffice.
  pin(name);
  const bool made = evict(wanted_bytes);
  unpin(name);
  return made || evict(wanted_bytes);
}

// Whether there would be room if everything being written now were done: it could be evicted then.
bool DiskRoom::may_be_waited_for(std::uint64_t charge_bytes) const {
  const std::scoped_lock lock(state_mutex_);
  return in_flight_bytes_ + others_bytes_ > 0 && index_.pinned_bytes() + charge_bytes <= options_.budget_bytes;
}

bool DiskRoom::is_crowded_by_others() const {
  const std::scoped_lock lock(state_mutex_);
  return others_bytes_ > 0;
}

Error DiskRoom::no_room(const std::string& name, std::uint64_t size_bytes) const {
  return {ErrorCode::kOutOfSpace, "no room for " + files_->path_of(name) + " (" + std::to_string(size_bytes) +
                                      " bytes; the budget is " + std::to_string(options_.budget_bytes) + ")"};
}

Result<std::optional<TemporaryFile>> DiskRoom::claim(const std::string& name, std::uint64_t size_bytes,
                                                     bool disk_was_full) {
  const std::uint64_t charge_bytes = files_->greatest_charge(size_bytes);
  const bool may_evict = options_.budget_bytes != 0;
  if (disk_was_full && may_evict) evict(charge_bytes);
  Result<TemporaryFile> temporary = files_->create_temporary(name, size_bytes);
  if (!temporary && temporary.error().code == ErrorCode::kOutOfSpace && may_evict && !disk_was_full &&
      evict(charge_bytes)) {
    temporary = files_->create_temporary(name, size_bytes);
  }
  if (!temporary) return temporary.error();
  {
    const std::scoped_lock lock(state_mutex_);
    in_flight_.emplace(temporary->name(), charge_bytes);
    in_flight_bytes_ += charge_bytes;
  }
  if (options_.on_step) options_.on_step(DiskStep::kReserved, name);
  return std::optional(*std::move(temporary));
}

Result<std::optional<TemporaryFile>> DiskRoom::reserve(const std::string& name, std::uint64_t size_bytes, SaveMode mode,
                                                       bool disk_was_full, Deadline deadline) {
  const std::uint64_t charge_bytes = files_->greatest_charge(size_bytes);
  const Deadline patience = deadline.within(kLongestWaitForRoom);
  if (options_.budget_bytes != 0 && charge_bytes > options_.budget_bytes) return no_room(name, size_bytes);
  for (milliseconds pause(2);; pause = std::min(2 * pause, kLongestPause)) {
    {
      const Result<Turn> turn = take_turn(Wants::kRoom, deadline);
      if (!turn) return turn.error();
      if (mode == SaveMode::kKeep) {
        const Result<std::optional<ObjectInfo>> there = files_->stat(name);
        if (!there) return there.error();
        if (there->has_value()) return std::optional<TemporaryFile>();
      }
      if (options_.budget_bytes == 0 || make_room(name, charge_bytes)) return claim(name, size_bytes, disk_was_full);
      if (!may_be_waited_for(charge_bytes)) return no_room(name, size_bytes);
      // What another process was writing it may have left behind.
      if (is_crowded_by_others()) is_wrong_ = true;
    }
    if (patience.passed()) {
      return Error{ErrorCode::kUnavailable, no_room(name, size_bytes).message + ": others are being written"};
    }
    std::this_thread::sleep_for(std::min(pause, patience.remaining()));
  }
}

Result<bool> DiskRoom::publish(TemporaryFile temporary, SaveMode mode, Deadline deadline) {
  const std::string name = temporary.object_name();
  temporary.set_access_time(next_access_time());
  const Result<std::uint64_t> charge_bytes = temporary.charged_bytes();
  Result<bool> published = false;
  {
    const Result<Turn> turn = take_turn(Wants::kChange, deadline);
    if (turn && charge_bytes) published = temporary.publish(mode);
    if (!turn) published = turn.error();
    if (!charge_bytes) published = charge_bytes.error();
    if (turn && published && *published) {
      const std::scoped_lock lock(state_mutex_);
      in_flight_bytes_ -= in_flight_.at(temporary.name());
      in_flight_.erase(temporary.name());
      if (keeps_index()) index_.put(name, *charge_bytes);
    }
  }
  if (!published || !*published) {
    discard(std::move(temporary));
    return published;
  }
  if (options_.on_step) options_.on_step(DiskStep::kPublished, name);
  if (Status status = temporary.flush_folder(); !status) return status.error();
  return true;
}

void DiskRoom::discard(TemporaryFile temporary) {
  // Without a turn the room is freed all the same; only other processes learn of it later.
  const Result<Turn> turn = take_turn(Wants::kChange, Deadline::after(seconds(1)));
  const std::string name = temporary.name();
  { const TemporaryFile gone = std::move(temporary); }
  const std::scoped_lock lock(state_mutex_);
  const auto place = in_flight_.find(name);
  in_flight_bytes_ -= place->second;
  in_flight_.erase(place);
}

Result<bool> DiskRoom::remove(const std::string& name, Deadline deadline) {
  const Result<Turn> turn = take_turn(Wants::kChange, deadline);
  if (!turn) return turn.error();
  Result<bool> removed = files_->remove(name, true);
  if (!removed) return removed;
  const std::scoped_lock lock(state_mutex_);
  index_.erase(name);
  return removed;
}

Status DiskRoom::quarantine(const std::string& name, Deadline deadline) {
  const Result<Turn> turn = take_turn(Wants::kChange, deadline);
  if (!turn) return turn.error();
  const Result<bool> moved = files_->set_aside(name, next_access_time());
  if (!moved) return moved.error();
  const Result<std::uint64_t> aside_bytes = files_->trim_quarantine(options_.max_quarantined);
  if (!aside_bytes) return aside_bytes.error();
  const std::scoped_lock lock(state_mutex_);
  index_.erase(name);
  aside_bytes_ = *aside_bytes;
  return {};
}

std::int64_t DiskRoom::next_access_time() {
  const std::int64_t now = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  std::int64_t last = last_access_time_;
  while (!last_access_time_.compare_exchange_weak(last, std::max(now, last + 1))) {
  }
  return std::max(now, last + 1);
}

void DiskRoom::was_loaded(const std::string& name, const FileDescriptor& file) {
  if (!keeps_index()) return;
  {
    const std::scoped_lock lock(state_mutex_);
    index_.touch(name);
  }
  set_access_time(file, next_access_time());
}

void DiskRoom::was_missed(const std::string& name) {
  if (options_.shared) return;
  // In the index and not in the folder: whoever deleted it did not say so.
  const std::scoped_lock lock(state_mutex_);
  if (index_.contains(name)) is_wrong_ = true;
}

void DiskRoom::pin(const std::string& name) {
  const std::scoped_lock lock(state_mutex_);
  index_.pin(name);
}

void DiskRoom::unpin(const std::string& name) {
  const std::scoped_lock lock(state_mutex_);
  index_.unpin(name);
}

StoreUsage DiskRoom::usage() const {
  const std::scoped_lock lock(state_mutex_);
  return {.objects = index_.count(),
          .used_bytes = keeps_index() ? taken_bytes() : 0,
          .budget_bytes = options_.budget_bytes,
          .pinned_bytes = index_.pinned_bytes(),
          .evictions = evictions_};
}

bool DiskRoom::is_crowded() const {
  const std::scoped_lock lock(state_mutex_);
  return static_cast<double>(taken_bytes()) > options_.evict_above * static_cast<double>(options_.budget_bytes);
}

void DiskRoom::relax(const std::function<bool()>& give_up) {
  const auto target = static_cast<std::uint64_t>(options_.evict_down_to * static_cast<double>(options_.budget_bytes));
  while (!give_up()) {
    const Result<Turn> turn = take_turn(Wants::kRoom, Deadline::after(seconds(1)));
    if (!turn) return;
    for (int i = 0; i < kEvictionsPerTurn; ++i) {
      {
        const std::scoped_lock lock(state_mutex_);
        if (taken_bytes() <= target) return;
      }
      if (!evict_one()) return;
    }
  }
}

}  // namespace samcache

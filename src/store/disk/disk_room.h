// The room of a DiskStore's folder: who takes how much of the budget, what goes next, and whose turn it is to change
// it.
//
// Everything that makes the folder larger or smaller happens here, in turns (FolderLock, and a mutex between the
// threads of this process, so that they wait with the deadline and not by polling). Sums and the order of use are in
// memory under a second mutex that is held briefly and that loads take, too; an eviction holds it while the file is
// deleted, so that a pin either comes first or finds the object gone. Lock order: turn, then state.
//
// On a share `reserve` looks at the whole folder in its turn, every time; without a budget nobody takes turns there.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "store/disk/disk_store.h"
#include "store/disk/folder_lock.h"
#include "store/disk/object_files.h"
#include "store/disk/timed_lock.h"
#include "store/recency_index.h"

namespace samcache {

class DiskRoom {
 public:
  // `options` and `files` as the store has them.
  DiskRoom(const DiskStoreOptions& options, std::shared_ptr<const ObjectFiles> files);

  // The first look at the folder: abandoned temporaries go, and what is over the budget.
  Status open(Deadline deadline);

  // A temporary file with room for the object, made by evicting others; nothing when kKeep finds an object there.
  // `disk_was_full`: as much again is evicted, because the disk had less room than the budget promised.
  Result<std::optional<TemporaryFile>> reserve(const std::string& name, std::uint64_t size_bytes, SaveMode mode,
                                               bool disk_was_full, Deadline deadline);
  // As TemporaryFile::publish, and the object counts as the one used last.
  Result<bool> publish(TemporaryFile temporary, SaveMode mode, Deadline deadline);
  // Removes the temporary and frees its room.
  void discard(TemporaryFile temporary);

  Result<bool> remove(const std::string& name, Deadline deadline);
  Status quarantine(const std::string& name, Deadline deadline);

  // A load read this file, or found none.
  void was_loaded(const std::string& name, const FileDescriptor& file);
  void was_missed(const std::string& name);

  void pin(const std::string& name);
  void unpin(const std::string& name);

  StoreUsage usage() const;
  // Whether more than the upper watermark is used.
  bool is_crowded() const;
  // Evicts down to the lower watermark, in turns of a few objects each. What cannot be done now is left for later.
  void relax(const std::function<bool()>& give_up);

 private:
  // A turn: from taking it until it goes out of scope.
  struct Turn {
    std::unique_lock<TimedLock> thread;
    std::optional<FolderLock> process;
  };
  enum class Wants { kRoom, kChange };  // on a share only who wants room needs to know what there is
  Result<Turn> take_turn(Wants wants, Deadline deadline);

  // These want the turn.
  Status look_at_folder();
  bool make_room(const std::string& name, std::uint64_t charge_bytes);
  bool evict(std::uint64_t wanted_bytes);
  std::optional<std::uint64_t> evict_one();
  Result<std::optional<TemporaryFile>> claim(const std::string& name, std::uint64_t size_bytes, bool disk_was_full);

  // These want state_mutex_.
  std::uint64_t taken_bytes() const;
  std::uint64_t evictable_bytes() const { return index_.used_bytes() - index_.pinned_bytes(); }

  bool may_be_waited_for(std::uint64_t charge_bytes) const;
  bool is_crowded_by_others() const;
  Error no_room(const std::string& name, std::uint64_t size_bytes) const;
  std::int64_t next_access_time();
  bool keeps_index() const { return !options_.shared || options_.budget_bytes != 0; }

  const DiskStoreOptions options_;
  const std::shared_ptr<const ObjectFiles> files_;
  TimedLock turn_mutex_;
  std::optional<std::uint64_t> known_generation_;  // of the folder as the state below describes it; wants the turn
  std::atomic<std::int64_t> last_access_time_ = 0;
  std::atomic<bool> is_wrong_ = false;  // somebody deleted files without taking turns

  mutable std::mutex state_mutex_;
  RecencyIndex index_;
  std::unordered_map<std::string, std::uint64_t> in_flight_;  // this process's temporaries, by name
  std::uint64_t in_flight_bytes_ = 0;
  std::uint64_t others_bytes_ = 0;  // other processes' temporaries, and what could not be deleted
  std::uint64_t aside_bytes_ = 0;   // the quarantine
  std::uint64_t evictions_ = 0;
};

}  // namespace samcache

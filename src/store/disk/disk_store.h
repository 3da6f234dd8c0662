// Objects as plain files `ROOT/NAME`: on a disk of this machine ("disk") or on a share that many mount ("share").
//
// The files are the index: their names, the room they take and their access times, which this store sets itself at
// every load (so mounting with noatime does not matter) and always forward. There is nothing else to tear or to
// rebuild: opening looks at the folder, and the order of use outlives restarts and kill -9. The folder belongs to the
// store: a plain file in it whose path is an object's name *is* an object and may be evicted; every other file is left
// alone and neither listed nor counted. Links in the folder are never followed. An object cannot be named like a folder
// of others ("a" beside "a/b"): the later one is refused.
//
// Saving: a temporary file beside the object, its room claimed before the first byte is written, flushed, then renamed
// or linked to the name, and the folder flushed. SaveMode::kKeep has one winner, also among processes and machines.
// What a killed writer leaves behind is a temporary file, swept by the next one that looks at the folder.
//
// The budget is of bytes on the disk: of objects, of temporaries being written and of what was quarantined, but not
// of folders, nor of files that were deleted while somebody still reads them. It holds at every moment, for any number
// of threads and of processes on this machine: they take turns by a lock on `ROOT/.lock`, and a number in that file
// tells each whether another one changed anything since it last looked, so that a process alone never looks again.
// Replacing an object takes the room of both for a moment. Least recently used objects make room; uses by other
// processes count from the next look at the folder on. Pins hold in this process only. A save that finds the room
// taken by others being written waits for them. Without a budget nothing is ever evicted.
//
// What the page cache does not hold is read past it, the first time (cold_file.h).
//
// A share differs: nothing seen earlier is trusted. Every call asks the file system; loads leave access times alone
// unless there is a budget; a budget is kept by looking at the whole folder under the lock before every save, and may
// be exceeded by what other machines write at the same moment where their mounts do not pass flock on to the server.
// Old temporaries are told by age alone. What another machine saved is seen when the mount's caches let it be seen.
//
// If `.lock` is gone after opening (the file system was unmounted, the folder deleted), saves are kUnavailable rather
// than written to what happens to be in the folder's place. Errors name the path.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store/disk/cold_file.h"
#include "store/object_store.h"

namespace samcache {

class DiskRoom;
class ObjectFiles;

// The moments of the protocol that a test may want to be present at.
enum class DiskStep {
  kReserved,   // the temporary file is there, its room claimed
  kFlushed,    // its bytes are on the disk
  kPublished,  // it has the object's name; the folder is not flushed yet
  kEvicting,   // the object named is about to be evicted
};

struct DiskStoreOptions {
  // Made when missing, with the folders above it.
  std::filesystem::path root = {};

  // Bytes on the disk that must never be exceeded; 0: no limit, nothing is evicted.
  std::uint64_t budget_bytes = 0;

  // The folder is on a share that other machines write to.
  bool shared = false;

  // A thread evicts when more than the first part of the budget is used, down to the second, so that saves seldom wait
  // for evictions. 0 for the first: no such thread. A share has none.
  double evict_above = 0.95;
  double evict_down_to = 0.90;

  // Objects above it are kTooLarge, saving and loading.
  std::uint64_t max_object_bytes = std::uint64_t{4} << 30;

  // How many quarantined files are kept for a person to look at, the newest. They make room when objects do not.
  std::size_t max_quarantined = 16;

  // On a share, a temporary file older than this has no writer any more. The machines' clocks should agree far better.
  std::chrono::seconds stale_temporary_age = std::chrono::hours(1);

  // For tests: called at every step with the object's name, by the thread that takes it. It must not call the store:
  // locks may be held.
  std::function<void(DiskStep step, const std::string& name)> on_step = {};
};

class DiskStore : public ObjectStore {
 public:
  static Result<std::shared_ptr<DiskStore>> open(const DiskStoreOptions& options);
  ~DiskStore() override;

  std::string kind() const override { return options_.shared ? "share" : "disk"; }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;
  // Moves the file to `ROOT/.quarantine/`.
  Status quarantine(const std::string& name, Deadline deadline) override;
  Pin pin(const std::string& name) override;
  // Of a share with a budget: as it was when it was last looked at; without one: nothing.
  StoreUsage usage() const override;

 private:
  DiskStore(DiskStoreOptions options, std::shared_ptr<const ObjectFiles> files);
  Status start(Deadline deadline);
  Result<std::optional<SharedBytes>> load_once(const std::string& name, Deadline deadline);
  Result<std::vector<ObjectInfo>> list_once(const std::string& prefix) const;
  void took(DiskStep step, const std::string& name) const;
  void ask_for_eviction();
  void evict_when_asked(const std::stop_token& stop);

  const DiskStoreOptions options_;
  const std::shared_ptr<const ObjectFiles> files_;
  const std::shared_ptr<DiskRoom> room_;  // shared with the pins, which may outlive the store
  ColdNames cold_names_;
  struct Bell;
  const std::unique_ptr<Bell> bell_;  // wakes the thread
  std::jthread evictor_;              // last: stopped and joined before the rest goes
};

}  // namespace samcache

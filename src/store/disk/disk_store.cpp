#include "store/disk/disk_store.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "store/disk/disk_room.h"
#include "store/disk/object_files.h"
#include "store/object_name.h"

namespace samcache {
namespace {

constexpr std::size_t kReadBytes = 8 << 20;

// Whatever finds a share's handles stale succeeds when it starts from the path again.
template <class Operation>
auto once_more_when_stale(Deadline deadline, Operation operation) {
  auto result = operation();
  if (!result && result.error().code == ErrorCode::kUnavailable && !deadline.passed()) result = operation();
  return result;
}

Status read_all(const FileDescriptor& file, std::span<std::byte> into, const std::string& path, Deadline deadline) {
  std::size_t done = 0;
  while (done < into.size()) {
    if (deadline.passed()) return deadline_error("read " + path);
    const std::size_t wanted = std::min(into.size() - done, kReadBytes);
    const ssize_t count = ::pread(file.get(), into.data() + done, wanted, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("read " + path, errno);
    if (count == 0) return Error{ErrorCode::kCorrupt, "cannot read " + path + ": it became shorter meanwhile"};
    done += static_cast<std::size_t>(count);
  }
  return {};
}

Status check_options(const DiskStoreOptions& options) {
  const bool marks_fit = options.evict_above >= 0 && options.evict_above <= 1 && options.evict_down_to >= 0 &&
                         (options.evict_above == 0 || options.evict_down_to <= options.evict_above);
  if (options.root.empty()) return Error{ErrorCode::kInvalidArgument, "a disk store without a folder"};
  if (!marks_fit) {
    return Error{ErrorCode::kInvalidArgument, "cannot open " + options.root.string() +
                                                  ": the parts of the budget at which eviction begins and ends must be "
                                                  "within 0 and 1, and the second no greater than the first"};
  }
  return {};
}

}  // namespace

struct DiskStore::Bell {
  std::mutex mutex;
  std::condition_variable_any rung;
  bool is_rung = false;
};

DiskStore::DiskStore(DiskStoreOptions options, std::shared_ptr<const ObjectFiles> files)
    : options_(std::move(options)),
      files_(std::move(files)),
      room_(std::make_shared<DiskRoom>(options_, files_)),
      bell_(std::make_unique<Bell>()) {}

DiskStore::~DiskStore() = default;

Result<std::shared_ptr<DiskStore>> DiskStore::open(const DiskStoreOptions& options) {
  if (Status status = check_options(options); !status) return status.error();
  auto files = std::make_shared<ObjectFiles>(options.root, options.shared);
  if (Status status = files->prepare(); !status) return status.error();
  if (Status status = FolderLock::create(options.root); !status) return status.error();
  std::shared_ptr<DiskStore> store(new DiskStore(options, std::move(files)));
  // Another process holds the lock for moments only; one that was stopped must not keep this one from saying so.
  if (Status status = store->start(Deadline::after(std::chrono::minutes(1))); !status) return status.error();
  return store;
}

Status DiskStore::start(Deadline deadline) {
  if (Status status = room_->open(deadline); !status) return status;
  if (options_.shared || options_.budget_bytes == 0 || options_.evict_above == 0) return {};
  evictor_ = std::jthread([this](const std::stop_token& stop) { evict_when_asked(stop); });
  ask_for_eviction();
  return {};
}

void DiskStore::ask_for_eviction() {
  if (!evictor_.joinable() || !room_->is_crowded()) return;
  const std::scoped_lock lock(bell_->mutex);
  bell_->is_rung = true;
  bell_->rung.notify_one();
}

void DiskStore::evict_when_asked(const std::stop_token& stop) {
  for (;;) {
    {
      std::unique_lock lock(bell_->mutex);
      if (!bell_->rung.wait(lock, stop, [this] { return bell_->is_rung; })) return;
      bell_->is_rung = false;
    }
    room_->relax([&] { return stop.stop_requested(); });
  }
}

void DiskStore::took(DiskStep step, const std::string& name) const {
  if (options_.on_step) options_.on_step(step, name);
}

Result<std::optional<ObjectInfo>> DiskStore::stat(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  if (deadline.passed()) return deadline_error("look at " + files_->path_of(name));
  return once_more_when_stale(deadline, [&] { return files_->stat(name); });
}

Result<std::optional<SharedBytes>> DiskStore::load(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  if (deadline.passed()) return deadline_error("read " + files_->path_of(name));
  return once_more_when_stale(deadline, [&] { return load_once(name, deadline); });
}

Result<std::optional<SharedBytes>> DiskStore::load_once(const std::string& name, Deadline deadline) {
  const Result<std::optional<OpenObject>> object = files_->open(name);
  if (!object) return object.error();
  if (!object->has_value()) {
    room_->was_missed(name);
    return std::optional<SharedBytes>();
  }
  const auto& [file, size_bytes] = **object;
  const std::string path = files_->path_of(name);
  if (size_bytes > options_.max_object_bytes) {
    return Error{ErrorCode::kTooLarge, "cannot read " + path + ": " + std::to_string(size_bytes) +
                                           " bytes; the limit is " + std::to_string(options_.max_object_bytes)};
  }
  const bool may_read_directly = !options_.shared && size_bytes >= kMinDirectBytes;
  // Room for what a direct reading needs: whole pages, and one more to find the end of the file.
  AlignedBuffer buffer(may_read_directly ? (size_bytes / kDirectAlignment + 2) * kDirectAlignment : size_bytes);
  const bool was_cold =
      may_read_directly && !cold_names_.toggle(name) && read_if_cold(file, buffer.span(), size_bytes, deadline);
  if (!was_cold) {
    // Advice, which may be refused: all of it, in order, and soon.
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_WILLNEED);
    const std::span<std::byte> into = buffer.span().first(size_bytes);
    if (Status status = read_all(file, into, path, deadline); !status) return status.error();
  }
  room_->was_loaded(name, file);
  return std::optional(std::move(buffer).share().slice(0, size_bytes));
}

Result<bool> DiskStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  const std::string path = files_->path_of(name);
  if (bytes.size() > options_.max_object_bytes) {
    return Error{ErrorCode::kTooLarge, "cannot write " + path + ": " + std::to_string(bytes.size()) +
                                           " bytes; the limit is " + std::to_string(options_.max_object_bytes)};
  }
  if (mode == SaveMode::kKeep) {
    const Result<bool> there = exists(name, deadline);
    if (!there) return there.error();
    if (*there) return false;
  }
  for (bool disk_was_full = false;; disk_was_full = true) {
    if (deadline.passed()) return deadline_error("write " + path);
    Result<std::optional<TemporaryFile>> temporary = once_more_when_stale(
        deadline, [&] { return room_->reserve(name, bytes.size(), mode, disk_was_full, deadline); });
    if (!temporary) return temporary.error();
    if (!temporary->has_value()) return false;
    ask_for_eviction();
    const Status written = (*temporary)->write(bytes, deadline);
    if (written) {
      took(DiskStep::kFlushed, name);
      return room_->publish(**std::move(temporary), mode, deadline);
    }
    room_->discard(**std::move(temporary));
    const bool is_full = written.error().code == ErrorCode::kOutOfSpace;
    if (!is_full || disk_was_full || options_.budget_bytes == 0) return written.error();
  }
}

Result<bool> DiskStore::remove(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  if (deadline.passed()) return deadline_error("delete " + files_->path_of(name));
  return once_more_when_stale(deadline, [&] { return room_->remove(name, deadline); });
}

Status DiskStore::quarantine(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status;
  if (deadline.passed()) return deadline_error("put aside " + files_->path_of(name));
  return once_more_when_stale(deadline, [&] { return room_->quarantine(name, deadline); });
}

Result<std::vector<ObjectInfo>> DiskStore::list(const std::string& prefix, Deadline deadline) {
  if (Status status = check_name_prefix(prefix); !status) return status.error();
  if (deadline.passed()) return deadline_error("list " + files_->root().string());
  return once_more_when_stale(deadline, [&] { return list_once(prefix); });
}

Result<std::vector<ObjectInfo>> DiskStore::list_once(const std::string& prefix) const {
  std::vector<ObjectInfo> found;
  const Status walked = files_->walk(prefix, [&](const FoundFile& file) {
    struct stat status = {};
    if (file.is_temporary || ::fstatat(file.folder_fd, file.leaf, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    found.push_back({file.name, static_cast<std::uint64_t>(status.st_size), modified_time(status)});
  });
  if (!walked) return walked.error();
  std::ranges::sort(found, {}, &ObjectInfo::name);
  return found;
}

Pin DiskStore::pin(const std::string& name) {
  if (options_.budget_bytes == 0) return nullptr;
  room_->pin(name);
  return {static_cast<const void*>(this), [room = room_, name](const void*) { room->unpin(name); }};
}

StoreUsage DiskStore::usage() const { return room_->usage(); }

}  // namespace samcache

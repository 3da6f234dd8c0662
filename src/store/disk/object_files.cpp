#include "store/disk/object_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "base/atomic_file.h"
#include "store/object_name.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
// O_NONBLOCK: a pipe with an object's name must not make us wait for its writer.
constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

std::string leaf_of(const std::string& name) { return name.substr(name.rfind('/') + 1); }

bool means_absent(int errno_value) { return errno_value == ENOENT || errno_value == ENOTDIR || errno_value == ELOOP; }

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec; }

std::uint64_t round_up(std::uint64_t size, std::uint64_t unit) { return (size + unit - 1) / unit * unit; }

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderStream = std::unique_ptr<DIR, CloseFolder>;

// DT_REG, DT_DIR or something else; asks where the folder's listing does not say.
unsigned char type_of(const dirent& entry, int folder_fd) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat status = {};
  if (::fstatat(folder_fd, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
  return S_ISREG(status.st_mode) ? DT_REG : S_ISDIR(status.st_mode) ? DT_DIR : DT_UNKNOWN;
}

}  // namespace

Error file_error(const std::string& what, int errno_value) {
  Error error = errno_error(what, errno_value);
  switch (errno_value) {
    case ESTALE:
    case ETIMEDOUT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOTCONN:
    case ECONNRESET:
    case EMFILE:
    case ENFILE:
    case EAGAIN: error.code = ErrorCode::kUnavailable; break;
    default: break;
  }
  return error;
}

Error lost_folder_error(const fs::path& root) {
  return {ErrorCode::kUnavailable, "cannot use " + root.string() + ": its " + kLockFile +
                                       " is gone; is the file system still mounted? If it was deleted, open the store "
                                       "again"};
}

std::uint64_t charged_bytes(const struct stat& file) {
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(file.st_blocks) * 512,
                                 round_up(static_cast<std::uint64_t>(file.st_size), 4096));
}

std::chrono::system_clock::time_point modified_time(const struct stat& file) {
  using std::chrono::system_clock;
  return system_clock::time_point(
      std::chrono::duration_cast<system_clock::duration>(std::chrono::nanoseconds(nanoseconds(file.st_mtim))));
}

std::int64_t accessed_ns(const struct stat& file) { return nanoseconds(file.st_atim); }

void set_access_time(const FileDescriptor& file, std::int64_t time_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec times[2] = {{time_ns / kSecond, time_ns % kSecond}, {0, UTIME_OMIT}};
  [[maybe_unused]] const int result = ::futimens(file.get(), times);
}

Status ObjectFiles::prepare() {
  std::error_code error;
  fs::create_directories(root_ / kQuarantineFolder, error);
  if (error) return file_error("make the folder " + root_.string(), error.value());
  struct statvfs status = {};
  if (::statvfs(root_.c_str(), &status) != 0) return file_error("open " + root_.string(), errno);
  // What network file systems say is the size of their transfers.
  constexpr std::uint64_t kLargestBlock = 1 << 20;
  if (!shared_) block_bytes_ = std::clamp<std::uint64_t>(status.f_frsize, 4096, kLargestBlock);
  return {};
}

std::uint64_t ObjectFiles::greatest_charge(std::uint64_t size_bytes) const {
  const std::uint64_t blocks = round_up(size_bytes, block_bytes_) / block_bytes_;
  // Up to four extents fit into the inode; more take blocks of their own, in the worst case one for 340 extents of one
  // block each (ext4; other file systems need fewer).
  constexpr std::uint64_t kExtentsInInode = 4, kExtentsPerBlock = 256;
  const std::uint64_t extent_blocks = blocks <= kExtentsInInode ? 0 : blocks / kExtentsPerBlock + 1;
  return (blocks + extent_blocks) * block_bytes_;
}

Result<FileDescriptor> ObjectFiles::open_folder(const std::string& name, bool create) const {
  FileDescriptor folder(::open(root_.c_str(), kFolderFlags));
  if (!folder.is_open()) {
    const int error = errno;
    if (error == ENOENT) return lost_folder_error(root_);
    return file_error("open " + root_.string(), error);
  }
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = name.find('/', begin)) != std::string::npos; begin = end + 1) {
    const std::string part = name.substr(begin, end - begin);
    FileDescriptor next(::openat(folder.get(), part.c_str(), kFolderFlags | O_NOFOLLOW));
    if (!next.is_open() && errno == ENOENT && create) {
      const bool made = ::mkdirat(folder.get(), part.c_str(), 0777) == 0 || errno == EEXIST;
      if (!made) return file_error("make the folder " + path_of(name.substr(0, end)), errno);
      ::fsync(folder.get());  // the folder must outlive a power cut, too; where that is refused it cannot be had
      next = FileDescriptor(::openat(folder.get(), part.c_str(), kFolderFlags | O_NOFOLLOW));
    }
    if (!next.is_open()) {
      const int error = errno;
      if (means_absent(error) && !create) return FileDescriptor();
      return file_error("open the folder " + path_of(name.substr(0, end)), error);
    }
    folder = std::move(next);
  }
  return folder;
}

Result<std::optional<ObjectInfo>> ObjectFiles::stat(const std::string& name) const {
  const Result<FileDescriptor> folder = open_folder(name, false);
  if (!folder) return folder.error();
  if (!folder->is_open()) return std::optional<ObjectInfo>();
  struct stat status = {};
  if (::fstatat(folder->get(), leaf_of(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (means_absent(errno)) return std::optional<ObjectInfo>();
    return file_error("look at " + path_of(name), errno);
  }
  if (!S_ISREG(status.st_mode)) return std::optional<ObjectInfo>();
  return std::optional(ObjectInfo{name, static_cast<std::uint64_t>(status.st_size), modified_time(status)});
}

Result<std::optional<OpenObject>> ObjectFiles::open(const std::string& name) const {
  const Result<FileDescriptor> folder = open_folder(name, false);
  if (!folder) return folder.error();
  if (!folder->is_open()) return std::optional<OpenObject>();
  FileDescriptor file(::openat(folder->get(), leaf_of(name).c_str(), kFileFlags));
  // ENXIO: a socket.
  if (!file.is_open() && (means_absent(errno) || errno == ENXIO)) return std::optional<OpenObject>();
  struct stat status = {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) return file_error("read " + path_of(name), errno);
  if (!S_ISREG(status.st_mode)) return std::optional<OpenObject>();
  return std::optional(OpenObject{std::move(file), static_cast<std::uint64_t>(status.st_size)});
}

Result<TemporaryFile> ObjectFiles::create_temporary(const std::string& name, std::uint64_t size_bytes) const {
  if (::access((root_ / kLockFile).c_str(), F_OK) != 0 && errno == ENOENT) return lost_folder_error(root_);
  TemporaryFile temporary(name, path_of(name));
  Result<FileDescriptor> folder = open_folder(name, true);
  if (!folder) return folder.error();
  temporary.folder_ = *std::move(folder);

  const std::string leaf = leaf_of(name);
  struct stat status = {};
  if (::fstatat(temporary.folder_.get(), leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kIo, "cannot write " + path_of(name) + ": what is there is not a plain file"};
  }
  const std::string temporary_leaf = temporary_name_for(leaf);
  temporary.file_ = FileDescriptor(::openat(temporary.folder_.get(), temporary_leaf.c_str(),
                                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!temporary.file_.is_open()) return file_error("write " + path_of(name), errno);
  temporary.leaf_ = temporary_leaf;
  temporary.name_ = name.substr(0, name.size() - leaf.size()) + temporary_leaf;
  // Nobody else looks at it before the folder's lock is free again, so it cannot be taken.
  if (!shared_ && ::flock(temporary.file_.get(), LOCK_EX | LOCK_NB) != 0) {
    return file_error("lock " + path_of(temporary.name_), errno);
  }
  if (Status status_of_room = temporary.allocate(size_bytes); !status_of_room) return status_of_room.error();
  return temporary;
}

Result<bool> ObjectFiles::remove(const std::string& name, bool durably) const {
  const Result<FileDescriptor> folder = open_folder(name, false);
  if (!folder) return folder.error();
  if (!folder->is_open()) return false;
  const std::string leaf = leaf_of(name);
  struct stat status = {};
  const bool there = ::fstatat(folder->get(), leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && !S_ISREG(status.st_mode)) return false;
  if (!there || ::unlinkat(folder->get(), leaf.c_str(), 0) != 0) {
    if (means_absent(errno)) return false;
    return file_error("delete " + path_of(name), errno);
  }
  if (durably && ::fsync(folder->get()) != 0 && errno == EIO) return file_error("delete " + path_of(name), errno);
  return true;
}

Result<bool> ObjectFiles::set_aside(const std::string& name, std::int64_t time_ns) const {
  const Result<FileDescriptor> folder = open_folder(name, false);
  if (!folder) return folder.error();
  const Result<std::optional<ObjectInfo>> there = stat(name);
  if (!there) return there.error();
  if (!folder->is_open() || !there->has_value()) return false;
  const FileDescriptor aside(::open((root_ / kQuarantineFolder).c_str(), kFolderFlags | O_NOFOLLOW));

  // The end of a long name says most; 19 digits of the time sort as it does until the year 2286.
  constexpr std::size_t kLongestName = 200;
  std::string flat = name.substr(name.size() - std::min(name.size(), kLongestName));
  std::ranges::replace(flat, '/', '+');
  const std::string target = std::to_string(time_ns) + "-" + flat;
  if (aside.is_open() && ::renameat(folder->get(), leaf_of(name).c_str(), aside.get(), target.c_str()) == 0)
    return true;
  // Out of sight is what counts.
  return remove(name, false);
}

Result<std::uint64_t> ObjectFiles::trim_quarantine(std::size_t kept) const {
  const std::string path = path_of(kQuarantineFolder);
  FileDescriptor folder(::open(path.c_str(), kFolderFlags | O_NOFOLLOW));
  if (!folder.is_open()) return std::uint64_t{0};
  const FolderStream stream(::fdopendir(folder.get()));
  if (!stream) return file_error("read the folder " + path, errno);
  const int fd = folder.release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (type_of(*entry, fd) == DT_REG) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names, std::greater());
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    struct stat status = {};
    if (i >= kept && ::unlinkat(fd, names[i].c_str(), 0) == 0) continue;
    if (::fstatat(fd, names[i].c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) bytes += charged_bytes(status);
  }
  return bytes;
}

Status ObjectFiles::walk(const std::string& prefix, const std::function<void(const FoundFile&)>& visit) const {
  // Straight to the folder that the prefix names.
  const std::size_t slash = prefix.rfind('/');
  const std::string folder_name = slash == std::string::npos ? "" : prefix.substr(0, slash + 1);
  Result<FileDescriptor> folder = open_folder(folder_name, false);
  if (!folder) return folder.error();
  if (!folder->is_open()) return {};
  return walk_folder(*std::move(folder), folder_name, prefix, visit);
}

Status ObjectFiles::walk_folder(FileDescriptor folder, const std::string& folder_name, const std::string& prefix,
                                const std::function<void(const FoundFile&)>& visit) const {
  const FolderStream stream(::fdopendir(folder.get()));
  if (!stream) return file_error("read the folder " + path_of(folder_name), errno);
  const int fd = folder.release();
  const auto may_match = [&](const std::string& name) {
    return name.starts_with(prefix) || prefix.starts_with(name + "/");
  };
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    std::string name = folder_name + entry->d_name;
    const unsigned char type = type_of(*entry, fd);
    if (type == DT_REG && is_temporary_name(entry->d_name)) {
      visit({std::move(name), fd, entry->d_name, true});
    } else if (type == DT_REG && name.starts_with(prefix) && check_object_name(name)) {
      visit({std::move(name), fd, entry->d_name, false});
    } else if (type == DT_DIR && may_match(name) && check_object_name(name)) {
      FileDescriptor inner(::openat(fd, entry->d_name, kFolderFlags | O_NOFOLLOW));
      if (!inner.is_open() && (means_absent(errno) || errno == EACCES)) continue;
      if (!inner.is_open()) return file_error("read the folder " + path_of(name), errno);
      if (Status status = walk_folder(std::move(inner), name + "/", prefix, visit); !status) return status;
    }
  }
  if (errno != 0 && errno != ENOENT) return file_error("read the folder " + path_of(folder_name), errno);
  return {};
}

bool ObjectFiles::is_abandoned(const FoundFile& temporary, std::chrono::seconds stale_age) const {
  if (shared_) {
    struct stat status = {};
    if (::fstatat(temporary.folder_fd, temporary.leaf, &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    return std::chrono::system_clock::now() - modified_time(status) > stale_age;
  }
  const FileDescriptor file(::openat(temporary.folder_fd, temporary.leaf, kFileFlags));
  return file.is_open() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace samcache

#include "store/disk/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "store/disk/object_files.h"
#include "store/object_store.h"

namespace samcache {
namespace {

using std::chrono::microseconds;

// 0, or an errno value; ETIMEDOUT when the deadline passed.
int lock_until(int fd, Deadline deadline) {
  constexpr microseconds kLongestPause(5000);
  for (microseconds pause(100);; pause = std::min(2 * pause, kLongestPause)) {
    const int operation = deadline.is_never() ? LOCK_EX : LOCK_EX | LOCK_NB;
    if (::flock(fd, operation) == 0) return 0;
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return errno;
    if (deadline.passed()) return ETIMEDOUT;
    std::this_thread::sleep_for(pause);
  }
}

bool lacks_locks(int errno_value) {
  return errno_value == ENOLCK || errno_value == EOPNOTSUPP || errno_value == ENOSYS || errno_value == EINVAL;
}

}  // namespace

FolderLock::~FolderLock() {
  // Said explicitly: closing the file would leave the lock to a child process that was forked meanwhile.
  if (file_.is_open()) ::flock(file_.get(), LOCK_UN);
}

Status FolderLock::create(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kLockFile;
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file.is_open()) return file_error("open " + path.string(), errno);
  // A start that no earlier file of this name is likely to have had. Two who do it at once do no harm: both have yet to
  // look at the folder.
  std::uint64_t generation = 0;
  if (::pread(file.get(), &generation, sizeof(generation), 0) == sizeof(generation)) return {};
  [[maybe_unused]] const ssize_t filled = ::getrandom(&generation, sizeof(generation), 0);
  if (::pwrite(file.get(), &generation, sizeof(generation), 0) == sizeof(generation)) return {};
  return file_error("write " + path.string(), errno);
}

Result<FolderLock> FolderLock::acquire(const std::filesystem::path& folder, bool optional, Deadline deadline) {
  const std::filesystem::path path = folder / kLockFile;
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) {
    const int error = errno;
    if (error == ENOENT) return lost_folder_error(folder);
    return file_error("open " + path.string(), error);
  }
  const int error = lock_until(file.get(), deadline);
  if (error == ETIMEDOUT) return deadline_error("lock " + path.string());
  if (error != 0 && !(optional && lacks_locks(error))) return file_error("lock " + path.string(), error);

  std::uint64_t before = 0;
  if (::pread(file.get(), &before, sizeof(before), 0) < 0) return file_error("read " + path.string(), errno);
  const std::uint64_t now = before + 1;
  if (::pwrite(file.get(), &now, sizeof(now), 0) < 0) return file_error("write " + path.string(), errno);
  return FolderLock(std::move(file), before);
}

}  // namespace samcache

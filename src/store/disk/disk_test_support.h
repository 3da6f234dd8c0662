// What the tests of the disk store share: a folder that goes with its test, and looking at it behind the store's back.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "base/atomic_file.h"
#include "base/file_descriptor.h"
#include "store/disk/disk_store.h"
#include "store/disk/object_files.h"
#include "store/testing/store_contract.h"

namespace samcache {

// Where flushing is quick, if this machine has such a place: for tests that save thousands of times.
inline std::filesystem::path quick_folder() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::path(testing::TempDir());
}

class ScratchFolder {
 public:
  explicit ScratchFolder(const std::filesystem::path& below = testing::TempDir()) {
    static std::atomic<int> count = 0;
    path_ = below / ("samcache_disk_" + std::to_string(::getpid()) + "_" + std::to_string(++count));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What the files below `root` take on the disk, each counted once, but for the lock file; and how many are temporaries.
struct TreeSize {
  std::uint64_t bytes = 0;
  int temporaries = 0;
};
inline TreeSize size_of_tree(const std::filesystem::path& root) {
  TreeSize size;
  std::set<ino_t> seen;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    struct stat status = {};
    if (::lstat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (entry.path().filename() == kLockFile || !seen.insert(status.st_ino).second) continue;
    size.bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    size.temporaries += is_temporary_name(entry.path().filename().string()) ? 1 : 0;
  }
  return size;
}

// The same while nobody can make the folder larger: without the lock a walk could meet an object that is evicted a
// moment later and then the one that took its place.
inline TreeSize size_of_resting_tree(const std::filesystem::path& root) {
  const FileDescriptor lock(::open((root / kLockFile).c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(::flock(lock.get(), LOCK_EX), 0);
  return size_of_tree(root);
}

inline std::shared_ptr<DiskStore> open_store(const DiskStoreOptions& options) {
  Result<std::shared_ptr<DiskStore>> store = DiskStore::open(options);
  EXPECT_TRUE(store) << store.error().message;
  return store ? *store : nullptr;
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline bool holds(const std::optional<SharedBytes>& loaded, const SharedBytes& bytes) {
  return loaded && std::ranges::equal(loaded->span(), bytes.span());
}

// Runs `body` in a child process and returns its exit status, or -1 when a signal ended it.
template <class Body>
int exit_status_of(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace samcache

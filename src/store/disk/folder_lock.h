// Turns among all who change a folder: a lock on the file `.lock` in it, and a number in that file that everybody who
// takes the lock raises.
//
// The lock belongs to an open file, so it excludes threads as well as processes and ends with its holder however that
// ends. The number is raised when the lock is taken, before anything is changed: a holder that is killed half way has
// announced its changes already.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/deadline.h"
#include "base/error.h"
#include "base/file_descriptor.h"

namespace samcache {

class FolderLock {
 public:
  // Makes the file if there is none.
  static Status create(const std::filesystem::path& folder);

  // Waits for the lock until the deadline, kUnavailable then, and when there is no such file. With `optional` a file
  // system that has no locks is no error: the lock then excludes nobody.
  static Result<FolderLock> acquire(const std::filesystem::path& folder, bool optional, Deadline deadline);

  FolderLock(FolderLock&&) noexcept = default;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

  // What the number was when the lock was taken, and what it is now: whoever knows the first has seen every change.
  std::uint64_t generation_before() const { return generation_before_; }
  std::uint64_t generation() const { return generation_before_ + 1; }

 private:
  FolderLock(FileDescriptor file, std::uint64_t generation_before)
      : file_(std::move(file)), generation_before_(generation_before) {}

  FileDescriptor file_;
  std::uint64_t generation_before_;
};

}  // namespace samcache

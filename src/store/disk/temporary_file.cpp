#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "store/disk/object_files.h"

namespace samcache {
namespace {

constexpr std::size_t kWriteBytes = 8 << 20;

bool is_not_supported(int errno_value) {
  return errno_value == EINVAL || errno_value == ENOSYS || errno_value == EOPNOTSUPP;
}

}  // namespace

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  object_name_ = std::move(other.object_name_);
  path_ = std::move(other.path_);
  name_ = std::move(other.name_);
  folder_ = std::move(other.folder_);
  leaf_ = std::move(other.leaf_);
  file_ = std::move(other.file_);
  return *this;
}

void TemporaryFile::discard() noexcept {
  // Closed first: only then does its room become free with its name.
  file_.close();
  if (folder_.is_open() && !leaf_.empty()) ::unlinkat(folder_.get(), leaf_.c_str(), 0);
}

Status TemporaryFile::allocate(std::uint64_t size_bytes) {
  if (size_bytes == 0) return {};
  const auto size = static_cast<off_t>(size_bytes);
  int error = 0;
  do {
    error = ::fallocate(file_.get(), 0, 0, size) == 0 ? 0 : errno;
  } while (error == EINTR);
  // Where room cannot be claimed the size at least says how much it will be.
  if (is_not_supported(error)) error = ::ftruncate(file_.get(), size) == 0 ? 0 : errno;
  if (error != 0) return file_error("write " + path_, error);
  return {};
}

Status TemporaryFile::write(ByteSpan bytes, Deadline deadline) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    if (deadline.passed()) return deadline_error("write " + path_);
    const std::size_t wanted = std::min(bytes.size() - written, kWriteBytes);
    const ssize_t count = ::pwrite(file_.get(), bytes.data() + written, wanted, static_cast<off_t>(written));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("write " + path_, errno);
    written += static_cast<std::size_t>(count);
  }
  if (::fsync(file_.get()) != 0) return file_error("write " + path_, errno);
  return {};
}

void TemporaryFile::set_access_time(std::int64_t time_ns) const { samcache::set_access_time(file_, time_ns); }

Result<std::uint64_t> TemporaryFile::charged_bytes() const {
  struct stat status = {};
  if (::fstat(file_.get(), &status) != 0) return file_error("write " + path_, errno);
  return samcache::charged_bytes(status);
}

// 0 or an errno value, EEXIST when something has the name.
int TemporaryFile::rename_unless_taken() const {
  const std::string target = object_name_.substr(object_name_.rfind('/') + 1);
  if (::renameat2(folder_.get(), leaf_.c_str(), folder_.get(), target.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (!is_not_supported(errno)) return errno;
  // NFS: a link fails when the name is taken, too. Its answer may have been lost and the call repeated, so that the
  // link is there and EEXIST nevertheless; the number of names tells.
  int error = ::linkat(folder_.get(), leaf_.c_str(), folder_.get(), target.c_str(), 0) == 0 ? 0 : errno;
  struct stat status = {};
  if (error == EEXIST && ::fstat(file_.get(), &status) == 0 && status.st_nlink == 2) error = 0;
  if (error == 0) ::unlinkat(folder_.get(), leaf_.c_str(), 0);
  return error;
}

Result<bool> TemporaryFile::publish(SaveMode mode) {
  const std::string target = object_name_.substr(object_name_.rfind('/') + 1);
  int error = 0;
  if (mode == SaveMode::kKeep) {
    error = rename_unless_taken();
  } else if (::renameat(folder_.get(), leaf_.c_str(), folder_.get(), target.c_str()) != 0) {
    error = errno;
  }
  if (error == 0) {
    leaf_.clear();
    // An object that is evicted a moment later must not keep its room for as long as this is open.
    file_.close();
    return true;
  }
  struct stat status = {};
  const bool taken = error == EEXIST && ::fstatat(folder_.get(), target.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (taken && S_ISREG(status.st_mode)) return false;
  if (error == EPERM || is_not_supported(error)) {
    return Error{ErrorCode::kUnsupported,
                 "cannot write " + path_ + ": this file system has neither links nor renaming that never replaces"};
  }
  return file_error("write " + path_, error);
}

Status TemporaryFile::flush_folder() const {
  // Some network and FUSE file systems cannot flush folders; their names are as durable as they get.
  if (::fsync(folder_.get()) == 0 || is_not_supported(errno)) return {};
  return file_error("write " + path_, errno);
}

}  // namespace samcache

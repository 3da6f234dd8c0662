#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/file_descriptor.h"

namespace samcache {
namespace {

// The size of the open regular file.
Result<std::uint64_t> regular_file_size(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return errno_error("read " + path.string(), errno);
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, "cannot read " + path.string() + ": not a regular file"};
  }
  return static_cast<std::uint64_t>(info.st_size);
}

// O_NONBLOCK: opening a pipe that nobody writes to must not hang.
int open_for_reading(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

}  // namespace

Result<SharedBytes> map_file(const std::filesystem::path& path, MapAdvice advice) {
  const FileDescriptor file(open_for_reading(path));
  if (file.get() < 0) return errno_error("open " + path.string(), errno);
  const Result<std::uint64_t> size = regular_file_size(file.get(), path);
  if (!size) return size.error();
  if (*size == 0) return SharedBytes();

  const int flags = MAP_SHARED | (advice == MapAdvice::kPopulate ? MAP_POPULATE : 0);
  void* memory = ::mmap(nullptr, *size, PROT_READ, flags, file.get(), 0);
  if (memory == MAP_FAILED) return errno_error("map " + path.string() + " into memory", errno);
  // Advice that is not taken costs time, not correctness: its result does not matter.
  if (advice == MapAdvice::kWillNeed) ::madvise(memory, *size, MADV_WILLNEED);
  if (advice == MapAdvice::kSequential) ::madvise(memory, *size, MADV_SEQUENTIAL);

  std::shared_ptr<const void> owner(
      memory, [length = *size](const void* start) { ::munmap(const_cast<void*>(start), length); });
  return SharedBytes(std::move(owner), {static_cast<const std::byte*>(memory), *size});
}

Result<SharedBytes> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const FileDescriptor file(open_for_reading(path));
  if (file.get() < 0) return errno_error("open " + path.string(), errno);
  const Result<std::uint64_t> size = regular_file_size(file.get(), path);
  if (!size) return size.error();
  if (*size > max_bytes) {
    return Error{ErrorCode::kTooLarge, path.string() + " has " + std::to_string(*size) + " bytes; at most " +
                                           std::to_string(max_bytes) + " are accepted"};
  }

  AlignedBuffer buffer(*size);
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t count = ::read(file.get(), buffer.data() + filled, buffer.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read " + path.string(), errno);
    if (count == 0) break;  // truncated since fstat: what is there is what there is
    filled += static_cast<std::size_t>(count);
  }
  return std::move(buffer).share().slice(0, filled);
}

}  // namespace samcache

#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>
#include <vector>

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporarySuffix = ".tmp";
// File names end at 255 bytes; the rest of the temporary name takes at most 1 + 1 + 10 + 1 + 16 + 4.
constexpr std::size_t kMaxNameInTemporary = 200;
constexpr std::size_t kRandomDigits = 16;

std::string random_digits() {
  std::uint64_t value = 0;
  // Fewer random bytes than asked for only make a collision likelier, which O_EXCL notices.
  [[maybe_unused]] const ssize_t filled = ::getrandom(&value, sizeof(value), 0);
  std::array<char, kRandomDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value));
  return digits.data();
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// Makes renames and new names in a folder survive a power cut. 0 or an errno value.
int sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  // Some network and FUSE file systems cannot sync folders; their renames are as durable as they get.
  return error == EINVAL || error == ENOTSUP ? 0 : error;
}

// Creates what is missing of `folder`, durably. 0 or an errno value.
int create_folders(const fs::path& folder) {
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path at = folder; !at.empty() && !fs::exists(at, error); at = at.parent_path()) missing.push_back(at);
  if (missing.empty()) return 0;
  fs::create_directories(folder, error);
  if (error) return error.value();
  for (const fs::path& created : missing) {
    if (const int sync_error = sync_folder(folder_of(created))) return sync_error;
  }
  return 0;
}

}  // namespace

AtomicFileWriter::AtomicFileWriter(fs::path path, fs::path temporary_path, int fd)
    : path_(std::move(path)), temporary_path_(std::move(temporary_path)), fd_(fd) {}

AtomicFileWriter::AtomicFileWriter(AtomicFileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::move(other.temporary_path_)),
      fd_(std::exchange(other.fd_, -1)),
      size_bytes_(other.size_bytes_) {}

AtomicFileWriter& AtomicFileWriter::operator=(AtomicFileWriter&& other) noexcept {
  if (this != &other) {
    discard();
    path_ = std::move(other.path_);
    temporary_path_ = std::move(other.temporary_path_);
    fd_ = std::exchange(other.fd_, -1);
    size_bytes_ = other.size_bytes_;
  }
  return *this;
}

AtomicFileWriter::~AtomicFileWriter() { discard(); }

void AtomicFileWriter::discard() noexcept {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  ::unlink(temporary_path_.c_str());
}

Error AtomicFileWriter::failure(const char* verb, int errno_value) const {
  return errno_error(std::string(verb) + " " + path_.string(), errno_value);
}

Result<AtomicFileWriter> AtomicFileWriter::create(const fs::path& path) {
  if (!path.has_filename() || fs::is_directory(fs::status(path))) {
    return Error{ErrorCode::kInvalidArgument, "cannot write " + path.string() + ": it names a folder, not a file"};
  }
  if (const int error = create_folders(folder_of(path))) {
    return errno_error("create the folder " + folder_of(path).string(), error);
  }
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    fs::path temporary = path.parent_path() / temporary_name_for(path.filename().string());
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd >= 0) return AtomicFileWriter(path, std::move(temporary), fd);
    if (errno != EEXIST) return errno_error("write " + path.string(), errno);
  }
  return errno_error("write " + path.string(), EEXIST);
}

Status AtomicFileWriter::reserve(std::uint64_t size_bytes) {
  check(fd_ >= 0, "AtomicFileWriter::reserve: already committed");
  if (size_bytes == 0) return {};
  while (::fallocate(fd_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size_bytes)) != 0) {
    if (errno == EINTR) continue;
    if (errno == EOPNOTSUPP || errno == ENOSYS) return {};
    return failure("write", errno);
  }
  return {};
}

Status AtomicFileWriter::write_all(ByteSpan bytes, std::uint64_t offset) {
  check(fd_ >= 0, "AtomicFileWriter: written to after commit()");
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Status AtomicFileWriter::append(ByteSpan bytes) {
  Status status = write_all(bytes, size_bytes_);
  if (status) size_bytes_ += bytes.size();
  return status;
}

Status AtomicFileWriter::overwrite(std::uint64_t offset, ByteSpan bytes) {
  check(offset <= size_bytes_ && bytes.size() <= size_bytes_ - offset,
        "AtomicFileWriter::overwrite: [" + std::to_string(offset) + ", +" + std::to_string(bytes.size()) +
            ") is not within the " + std::to_string(size_bytes_) + " bytes written");
  return write_all(bytes, offset);
}

Status AtomicFileWriter::commit() {
  check(fd_ >= 0, "AtomicFileWriter::commit: already committed");
  // Give back what was reserved and not used; a failure only wastes room.
  [[maybe_unused]] const int truncated = ::ftruncate(fd_, static_cast<off_t>(size_bytes_));
  if (::fsync(fd_) != 0) return failure("write", errno);
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) return failure("write", errno);
  // From here on the temporary name is gone: discard() must not unlink it (somebody else may own it by now).
  const int close_result = ::close(std::exchange(fd_, -1));
  if (close_result != 0 && errno != EINTR) return failure("write", errno);
  if (const int error = sync_folder(folder_of(path_))) return failure("write", error);
  return {};
}

Status write_file_atomically(const fs::path& path, ByteSpan bytes) {
  Result<AtomicFileWriter> writer = AtomicFileWriter::create(path);
  if (!writer) return writer.error();
  if (Status status = writer->append(bytes); !status) return status;
  return writer->commit();
}

std::string temporary_name_for(std::string_view file_name) {
  return "." + std::string(file_name.substr(0, kMaxNameInTemporary)) + "." + std::to_string(::getpid()) + "-" +
         random_digits() + std::string(kTemporarySuffix);
}

bool is_temporary_name(std::string_view file_name) {
  if (!file_name.starts_with('.') || !file_name.ends_with(kTemporarySuffix)) return false;
  file_name.remove_suffix(kTemporarySuffix.size());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_hex = [&](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };

  const std::size_t dash = file_name.rfind('-');
  const std::size_t dot = file_name.rfind('.', dash);
  if (dash == std::string_view::npos || dot == std::string_view::npos || dot < 2) return false;
  const std::string_view pid = file_name.substr(dot + 1, dash - dot - 1);
  const std::string_view random = file_name.substr(dash + 1);
  return !pid.empty() && std::all_of(pid.begin(), pid.end(), is_digit) && random.size() == kRandomDigits &&
         std::all_of(random.begin(), random.end(), is_hex);
}

}  // namespace samcache

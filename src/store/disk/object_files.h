// The files of a DiskStore: finding, opening, publishing and walking over them, without locks or budgets.
//
// Every call starts from the root's path, so that a share that was mounted again is found again; what is below it is
// reached folder by folder without following links. Only plain files are objects: a folder, a link or a pipe with an
// object's name is as if it were not there, but in the way of one that is saved. Any number of threads.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/file_descriptor.h"
#include "store/object_store.h"

namespace samcache {

inline constexpr const char* kLockFile = ".lock";
inline constexpr const char* kQuarantineFolder = ".quarantine";

// "cannot WHAT: strerror": kUnavailable for what a share or a busy machine may get over, else as errno_error.
Error file_error(const std::string& what, int errno_value);
// `.lock` is gone: kUnavailable.
Error lost_folder_error(const std::filesystem::path& root);

// The room a file takes: its blocks, or its size where the file system has yet to count them or compresses.
std::uint64_t charged_bytes(const struct stat& file);
std::chrono::system_clock::time_point modified_time(const struct stat& file);
std::int64_t accessed_ns(const struct stat& file);
// Leaves the time of the last change alone. Where it is refused (a file of somebody else's) the old time stays.
void set_access_time(const FileDescriptor& file, std::int64_t time_ns);

// A file that is being written, removed by the destructor unless it was published. One thread at a time.
class TemporaryFile {
 public:
  TemporaryFile(TemporaryFile&&) noexcept = default;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { discard(); }

  const std::string& object_name() const { return object_name_; }
  // Relative to the root.
  const std::string& name() const { return name_; }

  // Writes the whole content and flushes it to the disk.
  Status write(ByteSpan bytes, Deadline deadline);
  void set_access_time(std::int64_t time_ns) const;
  // Whether it has the object's name now: false when kKeep found an object there. Once.
  Result<bool> publish(SaveMode mode);
  // Makes the new name survive a power cut.
  Status flush_folder() const;
  // What it takes on the disk.
  Result<std::uint64_t> charged_bytes() const;

 private:
  friend class ObjectFiles;
  TemporaryFile(std::string object_name, std::string path)
      : object_name_(std::move(object_name)), path_(std::move(path)) {}
  void discard() noexcept;
  Status allocate(std::uint64_t size_bytes);
  int rename_unless_taken() const;

  std::string object_name_;
  std::string path_;  // of the object, for messages
  std::string name_;
  FileDescriptor folder_;
  std::string leaf_;  // of the temporary, in folder_; empty when there is none to remove
  FileDescriptor file_;
};

struct OpenObject {
  FileDescriptor file;
  std::uint64_t size_bytes;
};

// What a walk meets: the name is relative to the root, the leaf to the open folder.
struct FoundFile {
  std::string name;
  int folder_fd;
  const char* leaf;
  bool is_temporary;
};

class ObjectFiles {
 public:
  ObjectFiles(std::filesystem::path root, bool shared) : root_(std::move(root)), shared_(shared) {}

  const std::filesystem::path& root() const { return root_; }
  std::string path_of(const std::string& name) const { return (root_ / name).string(); }

  // Makes the root and the quarantine's folder, and looks up the size of the file system's blocks.
  Status prepare();

  // No less than a file of this size will ever take, whatever becomes of its extents.
  std::uint64_t greatest_charge(std::uint64_t size_bytes) const;

  Result<std::optional<ObjectInfo>> stat(const std::string& name) const;
  Result<std::optional<OpenObject>> open(const std::string& name) const;

  // A temporary file for the object, with its room claimed. On a disk a lock of the file says that its writer lives.
  Result<TemporaryFile> create_temporary(const std::string& name, std::uint64_t size_bytes) const;

  // Whether there was one. `durably`: it stays removed after a power cut.
  Result<bool> remove(const std::string& name, bool durably) const;

  // Moves the object into the quarantine under a name that begins with the time; whether there was one.
  Result<bool> set_aside(const std::string& name, std::int64_t time_ns) const;
  // Deletes all files in the quarantine but the `kept` newest; the room that these take.
  Result<std::uint64_t> trim_quarantine(std::size_t kept) const;

  // Calls `visit` for every object whose name starts with `prefix` and every temporary on the way to them. What
  // vanishes meanwhile, and folders that may not be read, are passed over.
  Status walk(const std::string& prefix, const std::function<void(const FoundFile&)>& visit) const;

  // Whether a temporary that a walk found was left behind by a dead writer: on a share by its age, else by its lock.
  bool is_abandoned(const FoundFile& temporary, std::chrono::seconds stale_age) const;

 private:
  // The folder of the object; not open when there is none.
  Result<FileDescriptor> open_folder(const std::string& name, bool create) const;
  Status walk_folder(FileDescriptor folder, const std::string& folder_name, const std::string& prefix,
                     const std::function<void(const FoundFile&)>& visit) const;

  std::filesystem::path root_;
  bool shared_;
  std::uint64_t block_bytes_ = 4096;
};

}  // namespace samcache

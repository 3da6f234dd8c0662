// Files that appear whole or not at all.
//
// The bytes go to a temporary file in the destination's folder; commit() flushes it to the disk, renames it over the
// destination and flushes the folder. A reader sees the old file or the new one, never a part; a crash leaves at most a
// temporary file, whose name is_temporary_name() recognises so that it can be swept later. Without commit() the
// destructor removes it.
//
// One writer is used by one thread at a time. Two writers of one path do not disturb each other: the last commit wins.
// Errors name the destination; a full disk is kOutOfSpace. After an error the writer can only be destroyed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

class AtomicFileWriter {
 public:
  // Opens the temporary file, creating missing folders. The temporary is opened exclusively: a planted file or link of
  // that name is never followed.
  static Result<AtomicFileWriter> create(const std::filesystem::path& path);

  AtomicFileWriter(AtomicFileWriter&& other) noexcept;
  AtomicFileWriter& operator=(AtomicFileWriter&& other) noexcept;
  AtomicFileWriter(const AtomicFileWriter&) = delete;
  AtomicFileWriter& operator=(const AtomicFileWriter&) = delete;
  ~AtomicFileWriter();

  // Claims room on the disk for a file of this size, so that a full disk shows before the work and not after it. A file
  // system that cannot do so is no error. The file's size stays what was appended.
  Status reserve(std::uint64_t size_bytes);

  // Adds bytes at the end.
  Status append(ByteSpan bytes);

  // Overwrites bytes that were appended before: [offset, offset + bytes.size()) must lie within size_bytes(), else
  // throws.
  Status overwrite(std::uint64_t offset, ByteSpan bytes);

  // Makes the file visible under its name, durably. Once, as the last call.
  Status commit();

  std::uint64_t size_bytes() const { return size_bytes_; }
  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& temporary_path() const { return temporary_path_; }

 private:
  AtomicFileWriter(std::filesystem::path path, std::filesystem::path temporary_path, int fd);
  Status write_all(ByteSpan bytes, std::uint64_t offset);
  Error failure(const char* verb, int errno_value) const;
  void discard() noexcept;

  std::filesystem::path path_;
  std::filesystem::path temporary_path_;
  int fd_ = -1;
  std::uint64_t size_bytes_ = 0;
};

// The whole of it in one call.
Status write_file_atomically(const std::filesystem::path& path, ByteSpan bytes);

// A name for a temporary file beside the file `file_name` (no folders), different at every call:
// ".NAME.PID-RANDOM.tmp". For code that publishes files in a way of its own and wants its leftovers recognised.
std::string temporary_name_for(std::string_view file_name);

// Whether `file_name` (no folders) has that form, which AtomicFileWriter's temporary files have, too.
bool is_temporary_name(std::string_view file_name);

}  // namespace samcache

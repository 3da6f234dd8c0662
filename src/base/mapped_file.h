// A whole file, read-only, as memory.
//
// The mapping lives as long as any SharedBytes that came from it; the file may be renamed, replaced or unlinked
// meanwhile without harm. It must not be truncated in place: touching a page past the new end raises SIGBUS. Files this
// project writes are published by rename (atomic_file.h) and never changed afterwards, so that cannot happen to them; a
// file from elsewhere that somebody may truncate should be read with read_file() instead.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

enum class MapAdvice {
  kNone,        // pages come in when they are touched
  kPopulate,    // all pages are mapped before the call returns: best for a file that is read whole at once
  kWillNeed,    // the kernel starts reading ahead in the background; the call returns at once
  kSequential,  // read once from front to back: aggressive read-ahead, pages dropped early
};

// An empty file gives empty bytes. Refuses what is not a regular file (a folder, a pipe) without blocking on it.
Result<SharedBytes> map_file(const std::filesystem::path& path, MapAdvice advice = MapAdvice::kNone);

// A private copy of a file of at most `max_bytes` (kTooLarge above), 64-byte aligned.
Result<SharedBytes> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

}  // namespace samcache

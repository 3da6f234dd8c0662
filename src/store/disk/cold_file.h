// Reading a whole file that the page cache does not hold, past it: straight from the disk into the reader's memory.
//
// One request of many megabytes into huge pages keeps a disk busier than read-ahead does, and nothing is copied: a cold
// encoding is there in about 60 % of the time. The price is that the file stays cold; so the second such reading of one
// name goes through the page cache (ColdNames).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <string>

#include "base/deadline.h"
#include "base/file_descriptor.h"

namespace samcache {

// Where direct reading is worth it, and what it needs of addresses and lengths.
inline constexpr std::size_t kMinDirectBytes = 4 << 20;
inline constexpr std::size_t kDirectAlignment = 4096;

// Fills the first `size_bytes` of `into` with the file's; `into` must start at a multiple of kDirectAlignment and hold
// one more than the size rounds up to. False: the page cache has the file, the file system or the file will have none
// of this, or the deadline has passed; `into` may be filled in part, and the file is to be read in the usual way (which
// tells what is wrong, if anything is).
bool read_if_cold(const FileDescriptor& file, std::span<std::byte> into, std::size_t size_bytes, Deadline deadline);

// Names that were read directly not long ago. Of two names that fall together the later one is remembered; to forget
// one costs a slow reading, no more. Thread-safe.
class ColdNames {
 public:
  // Whether it was remembered; it is not any more if so, and is now if not.
  bool toggle(const std::string& name);

 private:
  std::array<std::atomic<std::size_t>, 1024> slots_{};
};

}  // namespace samcache

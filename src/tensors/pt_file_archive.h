// The zip container of a PyTorch checkpoint: finds stored entries in a mapped file. Private to pt_file*.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

// Entries by name (names are views into the file). Refuses what a checkpoint never has: compression, encryption,
// several disks, entries that share bytes or lie outside the file, two entries of one name.
using ZipEntries = std::map<std::string_view, SharedBytes>;
Result<ZipEntries> read_zip_entries(const SharedBytes& file, std::uint64_t max_entries);

}  // namespace samcache

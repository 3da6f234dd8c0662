// What disks and networks could do at best: the limits that stores are held against.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/error.h"

namespace samcache {

// Bytes per second that one thread reads from the disk under `folder`, past the page cache (O_DIRECT), from a file of
// that many bytes which is written for it and removed: the best of `rounds` rounds. kUnsupported where the file system
// cannot do so.
Result<double> measure_disk_rate(const std::filesystem::path& folder, std::uint64_t size_bytes, int rounds);

// How long reading the whole of an existing file takes, past the page cache; in milliseconds. kUnsupported as above.
Result<double> measure_direct_read_ms(const std::filesystem::path& file);

// measure_disk_rate as fio does it (sequential reads of 1 MiB, direct, 16 in flight); nothing where it is not
// installed.
std::optional<double> measure_disk_rate_by_fio(const std::filesystem::path& folder, std::uint64_t size_bytes);

// Bytes per second through one TCP connection to this machine itself: the best of `rounds` rounds.
Result<double> measure_loopback_rate(std::uint64_t size_bytes, int rounds);

// Makes the kernel forget a file's pages, so that the next read is from the disk.
Status drop_from_page_cache(const std::filesystem::path& file);

}  // namespace samcache

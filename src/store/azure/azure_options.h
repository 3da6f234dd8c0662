// How an AzureStore is to behave: whom it talks to, how it cuts objects, and for how long it tries.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "store/azure/azure_credentials.h"
#include "store/azure/retry_policy.h"

namespace samcache {

// The version of the REST interface that is spoken, and by whose rules signatures are made.
inline constexpr char kAzureApiVersion[] = "2023-11-03";

// The service has checksums for ranges up to this size.
inline constexpr std::size_t kMaxChecksummedRangeBytes = 4 << 20;

struct AzureStoreOptions {
  AzureAccount account = {};
  std::string container = {};
  bool create_container = false;  // when opening, unless it is there

  // Downloads. The first request asks for the beginning alone and learns the size with it; as soon as its header is
  // there the rest follows in parallel, in equal parts between the two limits. A small beginning is what makes an
  // object of 10 MiB arrive in eight streams; a miss costs one request.
  std::size_t first_range_bytes = 1 << 20;
  std::size_t min_range_bytes = 1 << 20;
  std::size_t max_range_bytes = kMaxChecksummedRangeBytes;
  std::size_t parallel_ranges = 8;

  // Uploads: in one request up to a size, else in blocks.
  std::size_t max_single_put_bytes = 8 << 20;
  std::size_t min_block_bytes = 1 << 20;
  std::size_t max_block_bytes = 8 << 20;
  std::size_t parallel_blocks = 8;

  std::size_t list_page_blobs = 5000;  // that one answer may list; the service allows no more

  std::uint64_t max_object_bytes = std::uint64_t{1} << 30;  // of what is saved, and of what a server may announce
  bool check_md5 = true;  // uploads carry one, which the service checks; of downloads it is asked for and checked here

  // Times. Each is for one try and never outlasts the caller's deadline.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds request_timeout{60'000};
  std::chrono::milliseconds stall_timeout{10'000};  // without a byte in either direction
  std::chrono::milliseconds open_timeout{30'000};   // for creating the container
  // A range that has made no progress for this long, or takes this long and three times what the others took, is asked
  // for a second time; the one that is ready first counts. 0: never.
  std::chrono::milliseconds hedge_after{500};
  RetryOptions retry = {};

  std::string ca_file = {};  // certificates to trust; empty: the system's
  std::string proxy = {};    // for requests to the service; empty: none
};

}  // namespace samcache

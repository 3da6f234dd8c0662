// When a failed request is tried again, and how long to wait before.
#pragma once

#include <chrono>
#include <optional>
#include <random>

#include "store/azure/http_message.h"

namespace samcache {

struct RetryOptions {
  int max_tries = 6;                          // the first one included
  std::chrono::milliseconds base_delay{800};  // before the second try; doubles with each
  std::chrono::milliseconds max_delay{30'000};
  std::chrono::milliseconds max_retry_after{60'000};  // a service that asks for a longer pause is given up
};

// 408, 429, 500, 502, 503, 504.
bool is_transient_status(int status);

// The pause after `failures` (1 or more) failed tries: between half and all of base_delay * 2^(failures - 1), never
// more than max_delay.
std::chrono::milliseconds backoff(const RetryOptions& options, int failures, std::minstd_rand& random);

// What the service asks for: Retry-After in seconds or as a date, or x-ms-retry-after-ms. A date in the past is 0;
// nothing where it says nothing, or nonsense.
std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response,
                                                     std::chrono::system_clock::time_point now);

}  // namespace samcache

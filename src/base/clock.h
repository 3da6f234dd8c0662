// Times as text, and stopwatches.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace samcache {

// "2025-01-31T23:59:59Z": RFC 3339, UTC, whole seconds (fractions are cut off).
std::string rfc3339(std::chrono::system_clock::time_point time);
std::string rfc3339_now();
// Whether `text` is a valid RFC 3339 date and time: fractions and offsets allowed, days that exist.
bool is_rfc3339(std::string_view text);

// Measures from its construction (or the last restart()) on the monotonic clock.
class Stopwatch {
 public:
  double elapsed_ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  }
  void restart() { start_ = std::chrono::steady_clock::now(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace samcache

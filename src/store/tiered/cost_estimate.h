// How long fetching an object from a tier, or making it anew, has taken lately.
//
// Kept for each kind of object, which is what its name ends in (".trunk.safetensors"): those are of one size. An
// exponentially weighted mean that a single odd value moves little; an estimate that nothing has confirmed for a while
// is forgotten, so that what was slow gets another chance. Thread-safe.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace samcache {

// From the first dot of the last part on: "a/b.c.d" -> ".c.d"; empty when there is none.
std::string_view kind_of_object(std::string_view name);

class CostEstimate {
 public:
  using Clock = std::chrono::steady_clock;

  explicit CostEstimate(std::chrono::seconds valid_for = std::chrono::seconds(60)) : valid_for_(valid_for) {}

  void add(std::string_view name, double seconds, Clock::time_point now = Clock::now());
  // Nothing as long as nothing is known.
  std::optional<double> seconds(std::string_view name, Clock::time_point now = Clock::now()) const;

 private:
  struct Mean {
    double seconds = 0;
    Clock::time_point updated = {};
  };
  const std::chrono::seconds valid_for_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Mean> means_;
};

}  // namespace samcache

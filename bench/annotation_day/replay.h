// Replays a day of annotation over the real stores: a TieredStore of a memory of limited room and a remote store.
//
// All images of the day are in the remote store when it begins. While people open them, in an order drawn by the seed,
// background work encodes images of other days and saves them through the same store. Objects are a few bytes each:
// what counts is which of them are where. An opening is served fast when the remote store need not be asked for it;
// what is prefetched is fetched before anybody moves on, so that nothing depends on how fast this machine is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "annotation_day/day_plan.h"
#include "base/error.h"
#include "store/tiered/prefetcher.h"

namespace samcache::annotation_day {

struct ReplayOptions {
  DayOptions day = {};
  std::size_t fast_objects = 1000;  // what the fast tier has room for
  double encodes_per_opening = 4;   // of background work: two a second while ten people open one in 20 seconds each
  std::size_t ahead = 3;            // prefetched, where there is prefetch
  std::size_t behind = 1;
};

struct Strategy {
  std::string name;
  bool prefetch = false;  // with pins
  Admission background = Admission::kPersistentOnly;
};

// What samcache does, first, and what it could do instead.
std::vector<Strategy> all_strategies();

struct ReplayResult {
  std::uint64_t openings = 0;
  std::uint64_t served_fast = 0;
  std::uint64_t remote_reads = 0;  // for openings and for prefetch
  std::uint64_t evictions = 0;     // from the fast tier
  std::uint64_t encodes = 0;       // of background work
  double seconds = 0;              // what the replay took

  double fast_share() const { return static_cast<double>(served_fast) / static_cast<double>(openings); }
};

// An error when a store fails or an image is missing, which none should. The same options give the same result, but for
// the seconds. Throws as plan_day() does.
Result<ReplayResult> replay_day(const ReplayOptions& options, const Strategy& strategy);

}  // namespace samcache::annotation_day

// How long a full-size encoding takes from each kind of store to a tensor, beside what the machine could do at best.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/bench_measurements.h"
#include "store/open/open_store.h"

namespace samcache {

struct StoreBenchOptions {
  std::filesystem::path folder;      // on the disk that is measured; must exist
  std::vector<std::string> remotes;  // URLs of further stores to measure; a made-up encoding is saved there and removed
  AzureSecrets azure;
  int rounds = 20;
};

// Called before each step; false cancels.
Result<std::vector<Measurement>> measure_stores(const StoreBenchOptions& options, const BenchHook& hook);

}  // namespace samcache

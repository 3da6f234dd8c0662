// What holds for every ObjectStore, as tests: instantiate the suite for a store with
//
//   INSTANTIATE_TEST_SUITE_P(Disk, StoreContractTest, testing::Values(StoreMaker{"disk", [] { … }}));
//
// and link samcache_store_contract, whose tests then run on it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "store/object_store.h"

namespace samcache {

// A store that is empty, takes at least 64 MiB and objects of 24 MiB, and evicts nothing before that. What it stands on
// (a folder, a container) is the maker's to clean up: keep it alive in the pointer's deleter or in a member.
struct StoreMaker {
  std::string name;
  std::function<std::shared_ptr<ObjectStore>()> make;
};
inline void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }

class StoreContractTest : public testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override { store_ = GetParam().make(); }
  std::shared_ptr<ObjectStore> store_;
};

// Bytes that no codec shrinks and that differ by seed.
SharedBytes random_bytes(std::size_t size, std::uint64_t seed);
inline Deadline soon() { return Deadline::after(std::chrono::seconds(30)); }

}  // namespace samcache

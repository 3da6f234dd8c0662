#include "store/tiered/prefetcher.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

TEST(WindowAround, IsTheCurrentTheNextAndThePrevious) {
  const std::vector<std::string> order = {"a", "b", "c", "d", "e"};
  const PrefetchOptions options{.ahead = 2, .behind = 1};
  EXPECT_EQ(window_around(order, 2, options), (std::vector<std::string>{"c", "d", "e", "b"}));
  EXPECT_EQ(window_around(order, 0, options), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(window_around(order, 4, options), (std::vector<std::string>{"e", "d"}));
  EXPECT_EQ(window_around(order, 5, options), std::vector<std::string>{"e"});
  EXPECT_TRUE(window_around({}, 0, options).empty());
}

class PrefetcherTest : public testing::Test {
 protected:
  void SetUp() override {
    TieredOptions options;
    options.tiers = {{.store = memory_, .copy_at_once = true}, {.store = remote_}};
    store_ = TieredStore::open(std::move(options)).value();
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(remote_->save(name(i), random_bytes(1000, 1), SaveMode::kReplace, soon()).value());
    }
  }
  static std::string name(int i) { return "n" + std::to_string(i); }
  bool is_fast(const std::string& name) { return memory_->exists(name, soon()).value(); }
  bool becomes_fast(const std::string& name) {
    const Deadline deadline = soon();
    while (!is_fast(name) && !deadline.passed()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return is_fast(name);
  }

  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>(6000);
  std::shared_ptr<MemoryStore> remote_ = std::make_shared<MemoryStore>(1 << 20);
  std::shared_ptr<TieredStore> store_;
};

TEST_F(PrefetcherTest, WhatOneWorksOnIsFetchedAndStays) {
  Prefetcher prefetcher(store_, {});
  prefetcher.works_on("ann", {"n0", "n1", "n2"});
  ASSERT_TRUE(prefetcher.drain(soon()));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(is_fast(name(i)));
  for (int i = 5; i < 20; ++i) ASSERT_TRUE(store_->load(name(i), soon()));  // more than the memory holds
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(is_fast(name(i)));
  EXPECT_EQ(prefetcher.pinned(), 3U);
}

TEST_F(PrefetcherTest, MovingOnLetsGoOfWhatLiesBehind) {
  Prefetcher prefetcher(store_, {});
  prefetcher.works_on("ann", {"n0", "n1"});
  prefetcher.works_on("bob", {"n0"});
  ASSERT_TRUE(becomes_fast("n1"));
  prefetcher.works_on("ann", {"n2", "n3"});
  EXPECT_TRUE(becomes_fast("n3"));
  prefetcher.left("bob");
  prefetcher.left("nobody");
  EXPECT_EQ(memory_->usage().pinned_bytes, 2000U);
  EXPECT_EQ(prefetcher.pinned(), 2U);
}

TEST_F(PrefetcherTest, WarmTellsWhatBecameOfEach) {
  Prefetcher prefetcher(store_, {});
  const std::vector<std::string> names = {"n0", "n1", "not/there"};
  std::atomic<std::size_t> told = 0;
  const WarmResult result = prefetcher.warm(names, soon(), [&](std::size_t) {
    ++told;
    return true;
  });
  EXPECT_EQ(result.there, 2U);
  EXPECT_EQ(result.missing, 1U);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(told, 3U);
  EXPECT_TRUE(is_fast("n1"));
  EXPECT_EQ(prefetcher.warm(names, Deadline::after(std::chrono::milliseconds(0))).failed, 3U);
}

}  // namespace
}  // namespace samcache

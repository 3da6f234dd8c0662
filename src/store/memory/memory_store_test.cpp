#include "store/memory/memory_store.h"

#include "store/testing/store_contract.h"

namespace samcache {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, StoreContractTest,
                         testing::Values(StoreMaker{"memory", [] { return std::make_shared<MemoryStore>(64 << 20); }}));

SharedBytes bytes(std::size_t size) { return random_bytes(size, size); }

bool save(MemoryStore& store, const std::string& name, std::size_t size) {
  return store.save(name, bytes(size), SaveMode::kReplace, soon()).value();
}

bool has(MemoryStore& store, const std::string& name) { return store.exists(name, soon()).value(); }

TEST(MemoryStore, HandsOutTheVeryBytesItWasGiven) {
  MemoryStore store(1000);
  const SharedBytes given = bytes(500);
  ASSERT_TRUE(store.save("a", given, SaveMode::kReplace, soon()).value());
  EXPECT_EQ(store.load("a", soon()).value()->data(), given.data());
}

TEST(MemoryStore, TheLeastRecentlyUsedGoesFirst) {
  MemoryStore store(1000);
  for (const char* name : {"a", "b", "c"}) save(store, name, 300);
  ASSERT_TRUE(store.load("a", soon()).value());
  save(store, "d", 300);
  EXPECT_TRUE(has(store, "a"));
  EXPECT_FALSE(has(store, "b"));
  EXPECT_TRUE(has(store, "c"));
  EXPECT_EQ(store.usage().evictions, 1U);
  EXPECT_EQ(store.usage().used_bytes, 900U);
}

TEST(MemoryStore, WhatIsPinnedStaysAndMayBePinnedBeforeItIsThere) {
  MemoryStore store(1000);
  Pin pin = store.pin("a");
  for (const char* name : {"a", "b", "c"}) save(store, name, 300);
  EXPECT_EQ(store.usage().pinned_bytes, 300U);
  save(store, "d", 600);
  EXPECT_TRUE(has(store, "a"));
  EXPECT_EQ(store.save("e", bytes(701), SaveMode::kReplace, soon()).error().code, ErrorCode::kOutOfSpace);
  EXPECT_TRUE(has(store, "d"));  // what cannot be done evicts nothing
  pin.reset();
  save(store, "e", 701);
  EXPECT_FALSE(has(store, "a"));
}

TEST(MemoryStore, APinMayOutliveTheStore) {
  Pin pin;
  {
    MemoryStore store(1000);
    pin = store.pin("a");
  }
  pin.reset();
}

TEST(MemoryStore, AReplacementNeedsRoomForTheDifferenceAlone) {
  MemoryStore store(1000);
  save(store, "a", 600);
  save(store, "b", 300);
  save(store, "a", 700);
  EXPECT_TRUE(has(store, "b"));
  EXPECT_EQ(store.usage().used_bytes, 1000U);
  EXPECT_EQ(store.save("a", bytes(1001), SaveMode::kReplace, soon()).error().code, ErrorCode::kOutOfSpace);
  EXPECT_EQ(store.load("a", soon()).value()->size(), 700U);
}

}  // namespace
}  // namespace samcache

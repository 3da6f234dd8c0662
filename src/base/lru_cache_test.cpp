#include "base/lru_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace samcache {
namespace {

std::shared_ptr<const std::string> text(const char* value) { return std::make_shared<const std::string>(value); }

TEST(LruCache, TheLeastRecentlyUsedGoesFirst) {
  LruCache<std::string, std::string> cache(30);
  cache.insert("a", text("A"), 10);
  cache.insert("b", text("B"), 10);
  cache.insert("c", text("C"), 10);
  ASSERT_NE(cache.find("a"), nullptr);
  cache.insert("d", text("D"), 10);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(*cache.find("a"), "A");
  EXPECT_EQ(*cache.find("c"), "C");
  EXPECT_EQ(*cache.find("d"), "D");
  EXPECT_EQ(cache.size_bytes(), 30u);
}

TEST(LruCache, OneLargeValuePushesOutSeveral) {
  LruCache<std::string, std::string> cache(30);
  for (const char* key : {"a", "b", "c"}) cache.insert(key, text(key), 10);
  cache.insert("large", text("large"), 25);
  EXPECT_EQ(cache.count(), 1u);
  EXPECT_EQ(cache.size_bytes(), 25u);
}

TEST(LruCache, WhatDoesNotFitAtAllIsNotKeptAndCostsNobodyTheirPlace) {
  LruCache<std::string, std::string> cache(10);
  cache.insert("a", text("A"), 10);
  cache.insert("huge", text("huge"), 11);
  EXPECT_EQ(cache.find("huge"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
}

TEST(LruCache, AReplacedValueIsCountedOnce) {
  LruCache<std::string, std::string> cache(30);
  cache.insert("a", text("old"), 20);
  const auto in_use = cache.find("a");
  cache.insert("a", text("new"), 15);
  EXPECT_EQ(*cache.find("a"), "new");
  EXPECT_EQ(*in_use, "old");
  EXPECT_EQ(cache.size_bytes(), 15u);
  EXPECT_EQ(cache.count(), 1u);
}

TEST(LruCache, ForgetsWhatIsRemovedAndItsBytes) {
  LruCache<std::string, std::string> cache(100);
  cache.insert("a", text("first"), 10);
  cache.insert("b", text("second"), 20);
  cache.remove("a");
  cache.remove("never there");
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("b"), nullptr);
  EXPECT_EQ(cache.size_bytes(), 20u);
  cache.clear();
  EXPECT_EQ(cache.count(), 0u);
  EXPECT_EQ(cache.size_bytes(), 0u);
}

TEST(LruCache, ManyThreadsNeverExceedTheBudget) {
  LruCache<int, int> cache(1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 2000; ++i) {
        const int key = (i * 7 + t) % 50;
        if (const auto found = cache.find(key)) {
          EXPECT_EQ(*found, key);
        } else {
          cache.insert(key, std::make_shared<const int>(key), 100);
        }
        EXPECT_LE(cache.size_bytes(), 1000u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace samcache

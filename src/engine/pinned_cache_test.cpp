#include "engine/pinned_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace samcache {
namespace {

using Handle = std::shared_ptr<const void>;

class PinnedCacheTest : public ::testing::Test {
 protected:
  // Makes an int; `alive_` counts those that exist.
  PinnedCache::Made made(int value, std::uint64_t size_bytes) {
    ++alive_;
    return {std::shared_ptr<const int>(new int(value),
                                       [this](const int* p) {
                                         delete p;
                                         --alive_;
                                       }),
            size_bytes};
  }
  Handle get(const std::string& key, int value, std::uint64_t size_bytes) {
    return cache_.get(key, [&]() -> Result<PinnedCache::Made> { return made(value, size_bytes); }).value();
  }
  // The value kept under the key; -1 when there is none, which is then made and too large to stay.
  int kept(const std::string& key) {
    const Handle handle = get(key, -1, 1000);
    return *std::static_pointer_cast<const int>(handle);
  }

  std::atomic<int> alive_ = 0;
  PinnedCache cache_{100};
};

TEST_F(PinnedCacheTest, MakesAValueOnce) {
  const Handle first = get("a", 1, 40);
  const Handle second = get("a", 2, 40);
  EXPECT_EQ(first.get(), second.get());
  EXPECT_EQ(kept("a"), 1);
  const PinnedCacheStats stats = cache_.stats();
  EXPECT_EQ(stats.misses, 1U);
  EXPECT_EQ(stats.hits, 2U);
  EXPECT_EQ(stats.entries, 1U);
  EXPECT_EQ(stats.bytes, 40U);
  EXPECT_EQ(stats.in_use_bytes, 40U);
  EXPECT_EQ(stats.budget_bytes, 100U);
}

TEST_F(PinnedCacheTest, TheLeastRecentlyUsedGoesFirst) {
  get("a", 1, 40);
  get("b", 2, 40);
  get("a", 0, 0);
  get("c", 3, 40);
  EXPECT_EQ(cache_.stats().evictions, 1U);
  EXPECT_EQ(cache_.stats().bytes, 80U);
  EXPECT_EQ(alive_, 2);
  EXPECT_EQ(kept("a"), 1);
  EXPECT_EQ(kept("b"), -1);
  EXPECT_EQ(kept("c"), 3);
}

TEST_F(PinnedCacheTest, AUseEndsWhenTheLastHolderLetsGo) {
  Handle a = get("a", 1, 40);
  Handle copy = a;
  get("b", 2, 40);
  a.reset();
  EXPECT_EQ(cache_.stats().in_use_bytes, 40U);
  get("c", 3, 60);  // b goes although a was asked for earlier
  EXPECT_EQ(kept("b"), -1);
  EXPECT_EQ(kept("a"), 1);
  Handle b = get("b", 2, 40);
  EXPECT_EQ(kept("c"), -1);
  b.reset();
  copy.reset();  // a is now the one used last
  get("d", 4, 60);
  EXPECT_EQ(kept("a"), 1);
  EXPECT_EQ(kept("b"), -1);
}

TEST_F(PinnedCacheTest, WhatIsInUseIsNotEvictedAndWhatDoesNotFitIsNotKept) {
  Handle a = get("a", 1, 60);
  get("b", 2, 30);
  Handle c = get("c", 3, 50);
  EXPECT_EQ(*std::static_pointer_cast<const int>(c), 3);
  EXPECT_EQ(cache_.stats().uncached, 1U);
  EXPECT_EQ(cache_.stats().evictions, 0U);  // what cannot be done evicts nothing
  EXPECT_EQ(kept("b"), 2);
  c.reset();
  EXPECT_EQ(alive_, 2);
  a.reset();
  get("c", 3, 50);
  EXPECT_EQ(kept("c"), 3);
  EXPECT_EQ(kept("a"), -1);
}

TEST_F(PinnedCacheTest, AValueLargerThanTheBudgetIsHandedOutAllTheSame) {
  get("a", 1, 100);
  const Handle large = get("b", 2, 101);
  EXPECT_EQ(*std::static_pointer_cast<const int>(large), 2);
  EXPECT_EQ(cache_.stats().bytes, 100U);
  EXPECT_EQ(cache_.stats().in_use_bytes, 0U);
}

TEST_F(PinnedCacheTest, ForgetsByPrefixAndCountsForgottenBytesUntilTheyAreReleased) {
  Handle a = get("x/a", 1, 40);
  get("x/b", 2, 30);
  get("y/a", 3, 20);
  cache_.forget("x/");
  EXPECT_EQ(cache_.stats().entries, 1U);
  EXPECT_EQ(cache_.stats().bytes, 60U);
  EXPECT_EQ(cache_.stats().in_use_bytes, 40U);
  EXPECT_EQ(*std::static_pointer_cast<const int>(a), 1);
  get("z", 5, 70);
  EXPECT_EQ(cache_.stats().uncached, 1U);  // beside the 40 that are still there
  EXPECT_EQ(*std::static_pointer_cast<const int>(get("x/a", 4, 10)), 4);
  a.reset();
  EXPECT_EQ(cache_.stats().bytes, 30U);
  EXPECT_EQ(cache_.stats().evictions, 0U);
  EXPECT_EQ(kept("x/a"), 4);
}

TEST_F(PinnedCacheTest, PointersOutliveTheCache) {
  Handle handle;
  {
    PinnedCache cache(100);
    handle = cache.get("a", [&]() -> Result<PinnedCache::Made> { return made(7, 40); }).value();
    cache.get("b", [&]() -> Result<PinnedCache::Made> { return made(8, 40); }).value();
  }
  EXPECT_EQ(alive_, 1);
  EXPECT_EQ(*std::static_pointer_cast<const int>(handle), 7);
  handle.reset();
  EXPECT_EQ(alive_, 0);
}

TEST_F(PinnedCacheTest, AnErrorIsPassedOnAndNotKept) {
  const auto failed = cache_.get("a", []() -> Result<PinnedCache::Made> { return Error{ErrorCode::kIo, "broken"}; });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "broken");
  EXPECT_EQ(*std::static_pointer_cast<const int>(get("a", 1, 10)), 1);
  EXPECT_THROW((void)cache_.get("b", []() -> Result<PinnedCache::Made> { throw std::runtime_error("bug"); }),
               std::runtime_error);
  EXPECT_THROW((void)cache_.get("b", []() -> Result<PinnedCache::Made> { return PinnedCache::Made{}; }),
               std::logic_error);
  EXPECT_EQ(*std::static_pointer_cast<const int>(get("b", 2, 10)), 2);
}

// Many callers of one cold key at once; the first `make` waits until all the others do.
class PinnedCacheCrowd : public PinnedCacheTest {
 protected:
  static constexpr int kCallers = 32;

  void wait_for_the_others() {
    while (cache_.stats().joined < kCallers - 1) std::this_thread::yield();
  }
  // Each caller's result, by what `first` and then `later` make.
  std::vector<std::string> ask(const PinnedCache::Make& first, const PinnedCache::Make& later) {
    std::vector<std::string> answers(kCallers);
    {
      std::vector<std::jthread> callers;
      for (std::string& answer : answers) {
        callers.emplace_back([&] {
          try {
            const auto result = cache_.get("cold", [&] { return calls_++ == 0 ? first() : later(); });
            answer = result ? std::to_string(*std::static_pointer_cast<const int>(*result)) : result.error().message;
          } catch (const std::runtime_error& error) {
            answer = error.what();
          }
        });
      }
    }
    return answers;
  }
  std::atomic<int> calls_ = 0;
};

TEST_F(PinnedCacheCrowd, PreparesOnce) {
  const auto make = [&]() -> Result<PinnedCache::Made> {
    wait_for_the_others();
    return made(5, 40);
  };
  EXPECT_EQ(ask(make, make), std::vector<std::string>(kCallers, "5"));
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(cache_.stats().in_use_bytes, 0U);
  EXPECT_EQ(kept("cold"), 5);
}

TEST_F(PinnedCacheCrowd, SharesAValueThatIsNotKept) {
  const auto make = [&]() -> Result<PinnedCache::Made> {
    wait_for_the_others();
    return made(5, 400);
  };
  EXPECT_EQ(ask(make, make), std::vector<std::string>(kCallers, "5"));
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(alive_, 0);
}

TEST_F(PinnedCacheCrowd, SharesTheErrorOfWhoFailed) {
  const auto make = [&]() -> Result<PinnedCache::Made> {
    wait_for_the_others();
    return Error{ErrorCode::kCorrupt, "no good"};
  };
  EXPECT_EQ(ask(make, make), std::vector<std::string>(kCallers, "no good"));
  EXPECT_EQ(calls_, 1);
}

TEST_F(PinnedCacheCrowd, GoesOnWithoutWhoGaveUpOrThrew) {
  for (const bool throws : {false, true}) {
    calls_ = 0;
    const auto give_up = [&]() -> Result<PinnedCache::Made> {
      if (throws) throw std::runtime_error("gave up");
      return Error{ErrorCode::kCancelled, "gave up"};
    };
    const std::vector<std::string> answers = ask(give_up, [&]() -> Result<PinnedCache::Made> { return made(6, 40); });
    EXPECT_EQ(std::count(answers.begin(), answers.end(), "gave up"), 1);
    EXPECT_EQ(std::count(answers.begin(), answers.end(), "6"), kCallers - 1);
    EXPECT_EQ(calls_, 2);
    cache_.forget("");
  }
}

TEST_F(PinnedCacheCrowd, WhatIsForgottenWhileItIsMadeIsHandedOutAndNotKept) {
  const auto make = [&]() -> Result<PinnedCache::Made> {
    wait_for_the_others();
    cache_.forget("co");
    return made(5, 40);
  };
  EXPECT_EQ(ask(make, make), std::vector<std::string>(kCallers, "5"));
  EXPECT_EQ(cache_.stats().entries, 0U);
  EXPECT_EQ(cache_.stats().bytes, 0U);
  EXPECT_EQ(alive_, 0);
}

TEST_F(PinnedCacheTest, ManyThreadsDoEverythingAtOnce) {
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned seed = 0; seed < 6; ++seed) {
      threads.emplace_back([&, seed] {
        std::mt19937 random(seed);
        std::vector<Handle> held;
        for (int i = 0; i < 3000; ++i) {
          const int object = static_cast<int>(random() % 12);
          const auto result =
              cache_.get("k" + std::to_string(object), [&, fails = random() % 20]() -> Result<PinnedCache::Made> {
                if (fails == 0) return Error{ErrorCode::kCancelled, "given up"};
                return made(object, 10 + static_cast<std::uint64_t>(object));
              });
          if (result && *std::static_pointer_cast<const int>(*result) != object) ++wrong;
          if (result) held.push_back(*result);
          if (held.size() > random() % 4) held.erase(held.begin());
          if (random() % 50 == 0) cache_.forget("k" + std::to_string(random() % 12));
          const PinnedCacheStats stats = cache_.stats();
          if (stats.in_use_bytes > stats.bytes || stats.bytes > stats.budget_bytes) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache_.stats().in_use_bytes, 0U);
  EXPECT_GT(cache_.stats().evictions, 0U);
  EXPECT_EQ(static_cast<std::uint64_t>(alive_), cache_.stats().entries);
  cache_.forget("");
  EXPECT_EQ(cache_.stats().bytes, 0U);
  EXPECT_EQ(alive_, 0);
}

}  // namespace
}  // namespace samcache

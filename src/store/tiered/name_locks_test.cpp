#include "store/tiered/name_locks.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace samcache {
namespace {

using std::chrono::milliseconds;

TEST(NameLocks, OneAtATimeForEachName) {
  NameLocks locks;
  int value = 0;  // guarded by the lock of "x"
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) {
        const auto lock = locks.lock("x", Deadline::never());
        ++value;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(value, 1600);
}

TEST(NameLocks, OtherNamesDoNotWaitAndNobodyWaitsPastHisDeadline) {
  NameLocks locks;
  const auto held = locks.lock("x", Deadline::never());
  EXPECT_TRUE(locks.lock("y", Deadline::after(milliseconds(0))));
  EXPECT_FALSE(locks.lock("x", Deadline::after(milliseconds(10))));
}

TEST(NameLocks, AWatchEndsWithAChange) {
  NameLocks locks;
  const NameLocks::Watch before = locks.watch("x");
  const NameLocks::Watch other = locks.watch("y");
  { const auto lock = locks.lock("x", Deadline::never()); }
  EXPECT_TRUE(before.still_holds());
  locks.lock("x", Deadline::never())->mark_changed();
  EXPECT_FALSE(before.still_holds());
  EXPECT_TRUE(other.still_holds());
  EXPECT_TRUE(locks.watch("x").still_holds());
}

TEST(NameLocks, WatchesOutliveAnyNumberOfOtherNames) {
  NameLocks locks;
  const NameLocks::Watch watch = locks.watch("x");
  for (int i = 0; i < 1000; ++i) static_cast<void>(locks.lock("n" + std::to_string(i), Deadline::never()));
  locks.lock("x", Deadline::never())->mark_changed();
  EXPECT_FALSE(watch.still_holds());
}

}  // namespace
}  // namespace samcache

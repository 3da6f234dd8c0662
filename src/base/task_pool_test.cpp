#include "base/task_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace samcache {
namespace {

TEST(TaskPool, RunsEverythingThatWasPosted) {
  std::atomic<int> done = 0;
  TaskPool pool(3, 1000);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.try_post([&] { ++done; }));
  EXPECT_TRUE(pool.drain(Deadline::never()));
  EXPECT_EQ(done, 500);
}

TEST(TaskPool, AFullQueueRefusesAndADrainGivesUpAtItsDeadline) {
  std::latch hold(1), started(1);
  TaskPool pool(1, 2);
  ASSERT_TRUE(pool.try_post([&] {
    started.count_down();
    hold.wait();
  }));
  started.wait();
  EXPECT_TRUE(pool.try_post([] {}));
  EXPECT_TRUE(pool.try_post([] {}));
  EXPECT_FALSE(pool.try_post([] {}));
  EXPECT_EQ(pool.waiting(), 2U);
  EXPECT_FALSE(pool.drain(Deadline::after(std::chrono::milliseconds(20))));
  hold.count_down();
  EXPECT_TRUE(pool.drain(Deadline::never()));
}

TEST(TaskPool, TheEndDropsWhatHasNotStarted) {
  std::atomic<int> done = 0;
  std::latch started(1);
  {
    TaskPool pool(1, 10);
    ASSERT_TRUE(pool.try_post([&] {
      started.count_down();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      ++done;
    }));
    started.wait();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(pool.try_post([&] { ++done; }));
  }
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace samcache

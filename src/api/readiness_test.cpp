#include "api/readiness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace samcache {
namespace {

using namespace std::chrono_literals;

TEST(Readiness, IsFoundOutOnceHoweverManyAsk) {
  std::atomic<int> checks = 0;
  Readiness readiness(
      [&](Deadline) {
        ++checks;
        return Status();
      },
      1h);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_TRUE(readiness.ask()); });
  threads.clear();
  EXPECT_EQ(checks, 1);
}

TEST(Readiness, IsFoundOutAnewAfterItsTime) {
  Status now = Error{ErrorCode::kUnavailable, "the database does not answer"};
  Readiness readiness([&](Deadline) { return now; }, 1ms);
  EXPECT_EQ(readiness.ask().error().message, "the database does not answer");
  now = {};
  std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(readiness.ask());
}

}  // namespace
}  // namespace samcache

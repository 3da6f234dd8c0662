#include "store/tiered/flights.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

namespace samcache {
namespace {

using std::chrono::milliseconds;

TEST(Flights, AThousandCallersMakeOneFlight) {
  Flights<int> flights;
  std::atomic<int> started = 0, led = 0, right = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 1000; ++i) {
    callers.emplace_back([&] {
      ++started;
      auto boarding = flights.board("x", Deadline::never());
      if (boarding.leader) {
        ++led;
        while (started < 1000 || flights.waiting("x") < 999) std::this_thread::yield();
        boarding.leader->land(42);
        ++right;
      } else if (boarding.value == 42) {
        ++right;
      }
    });
  }
  callers.clear();
  EXPECT_EQ(right, 1000);
  EXPECT_EQ(led, 1);
}

TEST(Flights, WhenTheLeaderDiesOneOfTheWaitingLeads) {
  Flights<int> flights;
  std::atomic<int> led = 0, landed = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 20; ++i) {
    callers.emplace_back([&] {
      try {
        auto boarding = flights.board("x", Deadline::never());
        if (boarding.leader) {
          if (++led <= 5) throw std::runtime_error("died");
          boarding.leader->land(7);
        }
        ++landed;
      } catch (const std::runtime_error&) {
      }
    });
  }
  callers.clear();
  EXPECT_EQ(landed, 15);
}

TEST(Flights, NobodyWaitsPastHisDeadline) {
  Flights<int> flights;
  auto first = flights.board("x", Deadline::never());
  ASSERT_TRUE(first.leader);
  const auto late = flights.board("x", Deadline::after(milliseconds(20)));
  EXPECT_FALSE(late.leader);
  EXPECT_FALSE(late.value);
  EXPECT_TRUE(flights.board("y", Deadline::never()).leader);  // another name is another flight
  first.leader->land(1);
  EXPECT_TRUE(flights.board("x", Deadline::never()).leader);
  EXPECT_EQ(flights.waiting("x"), 0);
}

TEST(Flights, WhoComesAfterAChangeDoesNotGetWhatWasFetchedBefore) {
  Flights<int> flights;
  auto before = flights.board("x", Deadline::never());
  std::atomic<int> got = 0;
  std::jthread waiting([&] { got = flights.board("x", Deadline::never()).value.value(); });
  while (flights.waiting("x") < 1) std::this_thread::yield();
  flights.begin_anew("x");
  auto after = flights.board("x", Deadline::after(milliseconds(0)));
  ASSERT_TRUE(after.leader);
  before.leader->land(1);
  waiting.join();
  EXPECT_EQ(got, 1);
  EXPECT_FALSE(flights.board("x", Deadline::after(milliseconds(0))).leader);  // the later one is still under way
  after.leader->land(2);
}

TEST(Flights, WhoWaitsForALeaderThatDiesLeadsAlsoAfterAChange) {
  Flights<int> flights;
  auto dying = std::make_optional(flights.board("x", Deadline::never()));
  std::atomic<bool> led = false;
  std::jthread waiting([&] {
    auto boarding = flights.board("x", Deadline::never());
    led = boarding.leader.has_value();
    if (led) boarding.leader->land(1);
  });
  while (flights.waiting("x") < 1) std::this_thread::yield();
  flights.begin_anew("x");
  dying.reset();
  waiting.join();
  EXPECT_TRUE(led);
  EXPECT_TRUE(flights.board("x", Deadline::never()).leader);
}

}  // namespace
}  // namespace samcache

#include "store/tiered/tier_health.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

using std::chrono::milliseconds;

const TierHealth::Clock::time_point kStart = TierHealth::Clock::now();

TEST(TierHealth, RestsAfterSeveralFailuresInARow) {
  TierHealth health({.failures_before_rest = 3, .first_rest = milliseconds(500), .longest_rest = milliseconds(2000)});
  health.failed(kStart);
  health.failed(kStart);
  EXPECT_TRUE(health.may_ask(kStart));
  health.succeeded();
  health.failed(kStart);
  health.failed(kStart);
  EXPECT_TRUE(health.may_ask(kStart));
  health.failed(kStart);
  EXPECT_FALSE(health.may_ask(kStart));
  EXPECT_TRUE(health.resting(kStart));
}

TEST(TierHealth, AfterTheRestOneCallerTriesAndASuccessEndsIt) {
  TierHealth health({.failures_before_rest = 1, .first_rest = milliseconds(500), .longest_rest = milliseconds(2000)});
  health.failed(kStart);
  const auto later = kStart + milliseconds(501);
  EXPECT_TRUE(health.may_ask(later));
  EXPECT_FALSE(health.may_ask(later));
  health.succeeded();
  EXPECT_TRUE(health.may_ask(later));
  EXPECT_FALSE(health.resting(later));
}

TEST(TierHealth, RestsGrowUpToALimit) {
  TierHealth health({.failures_before_rest = 1, .first_rest = milliseconds(500), .longest_rest = milliseconds(1500)});
  auto now = kStart;
  for (const int rest_ms : {500, 1000, 1500, 1500}) {
    health.failed(now);
    EXPECT_FALSE(health.may_ask(now + milliseconds(rest_ms - 1))) << rest_ms;
    now += milliseconds(rest_ms);
    EXPECT_TRUE(health.may_ask(now)) << rest_ms;
  }
}

TEST(TierHealth, ManyWhoFailInOneOutageDoNotMakeTheRestLonger) {
  TierHealth health({.failures_before_rest = 3, .first_rest = milliseconds(500), .longest_rest = milliseconds(30'000)});
  for (int i = 0; i < 50; ++i) health.failed(kStart);  // they were under way when it began
  EXPECT_FALSE(health.may_ask(kStart + milliseconds(499)));
  EXPECT_TRUE(health.may_ask(kStart + milliseconds(500)));
  health.failed(kStart + milliseconds(510));
  EXPECT_FALSE(health.may_ask(kStart + milliseconds(1509)));
  EXPECT_TRUE(health.may_ask(kStart + milliseconds(1510)));
}

}  // namespace
}  // namespace samcache

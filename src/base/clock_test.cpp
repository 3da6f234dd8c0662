#include "base/clock.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

std::chrono::system_clock::time_point at(std::int64_t milliseconds_since_1970) {
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds_since_1970));
}

TEST(Rfc3339, FormatsUtcAndCutsFractions) {
  EXPECT_EQ(rfc3339(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(at(951'827'696'999)), "2000-02-29T12:34:56Z");
  EXPECT_EQ(rfc3339(at(-1)), "1969-12-31T23:59:59Z");
}

TEST(Rfc3339, NowIsValid) { EXPECT_TRUE(is_rfc3339(rfc3339_now())); }

TEST(Rfc3339, AcceptsWhatTheStandardAllows) {
  for (const char* text : {"2024-02-29T00:00:00Z", "2025-01-31T23:59:59.123456+05:30", "1985-04-12t23:20:50.5z",
                           "1990-12-31T23:59:60Z", "2025-01-31 23:59:59-08:00"}) {
    EXPECT_TRUE(is_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text :
       {"", "now", "2025-01-31", "2025-01-31T23:59:59", "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z",
        "2025-01-31T24:00:00Z", "2025-01-31T23:60:00Z", "2025-01-31T23:59:59.Z", "2025-01-31T23:59:59Zjunk",
        "2025-01-31T23:59:59+5:30", "2025-01-31T23:59:59+24:00", "+025-01-31T23:59:59Z", "2025-1-31T23:59:59Z"}) {
    EXPECT_FALSE(is_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace samcache

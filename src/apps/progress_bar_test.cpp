#include "apps/progress_bar.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(ProgressBar, ShowsShareTimeLeftAndLabel) {
  const std::string line = progress_line(0.25, 10, "image 1/4", 80);
  EXPECT_EQ(line, "[######------------------]  25 % 0:30 left  image 1/4");
}

TEST(ProgressBar, NeverIsWiderThanTheTerminal) {
  EXPECT_EQ(progress_line(0.5, 1, std::string(500, 'x'), 79).size(), 79u);
}

TEST(ProgressBar, TakesNonsenseCalmly) {
  EXPECT_NE(progress_line(7, 1, "a\nb\x1b[2J", 80).find("100 %"), std::string::npos);
  EXPECT_EQ(progress_line(0, 1, "a\nb\x1b[2J", 80).find_first_of("\n\x1b"), std::string::npos);
  EXPECT_NE(progress_line(-1, 1, "x", 80).find("  0 %"), std::string::npos);
}

TEST(ProgressBar, AnInvisibleOneWritesNothing) {
  testing::internal::CaptureStderr();
  {
    ProgressBar bar(false);
    bar.show(0.5, "half");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ProgressBar, AVisibleOneIsGoneAtTheEnd) {
  testing::internal::CaptureStderr();
  {
    ProgressBar bar(true);
    bar.show(0.5, "half");
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("half"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace samcache

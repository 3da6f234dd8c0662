#include "base/text.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(Utf8, AcceptsEveryLengthOfSequence) {
  for (const char* text : {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a long text with \xC3\xA9 in the middle of it"}) {
    EXPECT_TRUE(is_utf8(text)) << in_quotes(text);
  }
}

TEST(Utf8, RefusesMalformedSequences) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE2\x82",
                           "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                           "\xFF", "eight ok\xFE and then not"}) {
    EXPECT_FALSE(is_utf8(text)) << in_quotes(text);
  }
}

TEST(InQuotes, CannotForgeALineOrFloodTheLog) {
  EXPECT_EQ(in_quotes("blocks.0"), "\"blocks.0\"");
  EXPECT_EQ(in_quotes("a\nERROR \"b\"\x1b[2J"), "\"a\\x0aERROR \\\"b\\\"\\x1b[2J\"");
  EXPECT_EQ(in_quotes("\xC3\xA9"), "\"\\xc3\\xa9\"");
  EXPECT_LT(in_quotes(std::string(1'000'000, 'x')).size(), 100U);
}

}  // namespace
}  // namespace samcache

#include "api/json/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace samcache {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_json_text(out, text);
  return out;
}

TEST(JsonText, PlainTextIsOnlyQuoted) {
  EXPECT_EQ(written("photo 1.jpg"), R"("photo 1.jpg")");
  EXPECT_EQ(written(""), R"("")");
}

TEST(JsonText, WhateverItIsItReadsBack) {
  for (const std::string& text :
       {std::string("a\"b\\c"), std::string("line\nbreak\ttab"), std::string("caf\u00e9 \u732b"),
        std::string("nul\0", 4), std::string("\x7f</script>")}) {
    EXPECT_EQ(nlohmann::json::parse(written(text)).get<std::string>(), text);
  }
}

TEST(JsonText, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(nlohmann::json::parse(written("a\xFFz")).get<std::string>(), "a\xEF\xBF\xBDz");
}

}  // namespace
}  // namespace samcache

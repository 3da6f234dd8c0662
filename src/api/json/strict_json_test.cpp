#include "api/json/strict_json.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

using Json = nlohmann::json;

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  const Result<Json> parsed = parse_json(text, limits);
  return parsed ? "accepted: " + parsed->dump() : parsed.error().message;
}

TEST(ParseJson, ReadsWhatIsJson) {
  EXPECT_EQ(*parse_json(R"({"a":[1,-2.5e3,true,null,"\u00e4\ud83d\ude00"]})"),
            Json({{"a", {1, -2500.0, true, nullptr, "ä😀"}}}));
  EXPECT_EQ(*parse_json(" 7 "), Json(7));
}

TEST(ParseJson, RefusesWhatIsNotWithThePlace) {
  EXPECT_EQ(refusal(""), "not JSON, at byte 1");
  EXPECT_EQ(refusal("{\"a\":1"), "not JSON, at byte 7");
  EXPECT_EQ(refusal("[1,]"), "not JSON, at byte 4");
  EXPECT_EQ(refusal("[NaN]"), "not JSON, at byte 2");
  EXPECT_EQ(refusal("[01]"), "not JSON, at byte 3");
  EXPECT_EQ(refusal("{} {}"), "not JSON, at byte 4");
  EXPECT_EQ(refusal("\"\xC3\x28\""), "not JSON, at byte 3");      // not UTF-8
  EXPECT_EQ(refusal("\"\xED\xA0\x80\""), "not JSON, at byte 3");  // a surrogate
  EXPECT_EQ(refusal(R"(["\ud800"])").substr(0, 8), "not JSON");
  EXPECT_EQ(refusal(std::string_view("{}\0", 3)).substr(0, 8), "not JSON");
}

TEST(ParseJson, RefusesNumbersThatNoDoubleHolds) {
  EXPECT_NE(refusal("[1e999]").find("a number that is too large"), std::string::npos);
  EXPECT_TRUE(parse_json("[18446744073709551616]"));  // past 64 bits it is a double
}

TEST(ParseJson, RefusesAMemberTwice) {
  EXPECT_EQ(refusal(R"({"a":1,"b":{"a":2},"a":3})"), R"(the JSON names "a" twice in one object)");
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":1}])"));
}

TEST(ParseJson, StopsAtEveryLimit) {
  const JsonLimits limits{.max_bytes = 1000, .max_depth = 3, .max_values = 10};
  EXPECT_TRUE(parse_json("[[[1]]]", limits));
  EXPECT_EQ(refusal("[[[[1]]]]", limits), "the JSON is nested deeper than 3 levels");
  EXPECT_EQ(parse_json("[1,2,3,4,5,6,7,8,9,10]", limits).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(parse_json(std::string(1001, ' '), limits).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(refusal(std::string(100'000, '['), {}), "the JSON is nested deeper than 16 levels");
}

TEST(JsonFields, ReadEachMemberByItsType) {
  const Json document = {{"text", "cat"}, {"flag", true}, {"number", 0.25}, {"whole", 7}, {"list", {1, 2}}};
  JsonFields fields(document, "");
  std::string text;
  bool flag = false;
  double number = 0, sum = 0;
  int whole = 0;
  EXPECT_TRUE(fields.read("text", text, 10));
  EXPECT_TRUE(fields.read("flag", flag));
  EXPECT_TRUE(fields.read("number", number, 0, 1));
  EXPECT_TRUE(fields.read("whole", whole, 0, 10));
  EXPECT_TRUE(fields.read_each("list", 2, [&](const Json& value, const std::string&) {
    sum += value.get<double>();
    return Status();
  }));
  EXPECT_TRUE(fields.finish());
  EXPECT_EQ(text, "cat");
  EXPECT_TRUE(flag);
  EXPECT_EQ(number, 0.25);
  EXPECT_EQ(whole, 7);
  EXPECT_EQ(sum, 3);
}

TEST(JsonFields, NullAndNothingLeaveTheDefault) {
  const Json document = {{"a", nullptr}};
  JsonFields fields(document, "");
  int value = 5;
  EXPECT_FALSE(fields.read("a", value, 0, 10));
  EXPECT_FALSE(fields.read("b", value, 0, 10));
  EXPECT_EQ(value, 5);
  EXPECT_TRUE(fields.finish());
}

TEST(JsonFields, AnUnknownMemberIsNamedWithItsPath) {
  const Json document = {{"treshold", 0.5}};
  JsonFields fields(document, "boxes[2]");
  EXPECT_EQ(fields.finish().error().message, R"(unknown field "boxes[2].treshold")");
}

TEST(JsonFields, TheFirstErrorIsTheOneThatIsTold) {
  const Json document = {{"a", "x"}, {"b", "y"}};
  JsonFields fields(document, "");
  int a = 0;
  bool b = false;
  EXPECT_FALSE(fields.read("a", a, 0, 1));
  EXPECT_FALSE(fields.read("b", b));
  EXPECT_EQ(fields.finish().error().message, "a must be a number, not a text");
}

TEST(JsonFields, WrongTypesAndRangesSayWhatIsWanted) {
  const auto told = [](const Json& document, const auto& read) {
    JsonFields fields(document, "");
    read(fields);
    return fields.finish().error().message;
  };
  const auto as_int = [](JsonFields& fields) {
    int value = 0;
    fields.read("a", value, 1, 9);
  };
  const auto as_text = [](JsonFields& fields) {
    std::string value;
    fields.read("a", value, 3);
  };
  EXPECT_EQ(told({{"a", 1.5}}, as_int), "a must be a whole number");
  EXPECT_EQ(told({{"a", 10}}, as_int), "a is 10; it must be from 1.0 to 9.0");
  EXPECT_EQ(told({{"a", 1e300}}, as_int), "a is 1e+300; it must be from 1.0 to 9.0");
  EXPECT_EQ(told({{"a", true}}, as_int), "a must be a number, not true or false");
  EXPECT_EQ(told({{"a", "four"}}, as_text), "a has 4 bytes, at most 3 are taken");
  EXPECT_EQ(told({{"a", std::string("a\0b", 3)}}, as_text), "a has a NUL character in it");
  EXPECT_EQ(told(Json::array(), as_int), "the JSON must be an object, not an array");
  EXPECT_EQ(told({{"a", "z"}},
                 [](JsonFields& fields) {
                   constexpr JsonFields::Choice<int> kChoices[] = {{"x", 1}, {"y", 2}};
                   int value = 0;
                   fields.read("a", value, kChoices);
                 }),
            R"(a is "z"; it must be one of x, y)");
}

TEST(JsonNumbers, AreAsManyAsWantedAndFinite) {
  EXPECT_EQ(*json_numbers(Json({1, 2.5}), 2, "p"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(json_numbers(Json({1}), 2, "p").error().message, "p must be 2 numbers, not 1");
  EXPECT_EQ(json_numbers(Json("x"), 2, "p").error().message, "p must be 2 numbers, not a text");
  EXPECT_EQ(json_numbers(Json({1, nullptr}), 2, "p").error().message, "p[1] must be a number, not null");
}

}  // namespace
}  // namespace samcache

// Malformed files, one fault each: refused with one error that names the file and the fault. tests/fuzz/ starts from
// the same faults.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tensors/safetensors.h"

namespace samcache {
namespace {

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string file(8, '\0');
  for (int i = 0; i < 8; ++i) file[static_cast<std::size_t>(i)] = static_cast<char>((length >> (8 * i)) & 0xFF);
  return file + rest;
}

// A file of this header and so many data bytes.
std::string file_of(const std::string& header, std::size_t data_size = 0) {
  return with_length(header.size(), header + std::string(data_size, 'd'));
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  std::string json = "\"";
  json += name;
  json += R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets;
  return json + "}";
}

Result<SafetensorsFile> parse(const std::string& file, const SafetensorsLimits& limits = {}) {
  return SafetensorsFile::parse(SharedBytes::copy_of(bytes_of(file)), limits, "hostile.safetensors");
}

struct HostileCase {
  const char* fault;
  std::string file;
  const char* expected_in_message;
  ErrorCode code = ErrorCode::kCorrupt;
};

void PrintTo(const HostileCase& hostile, std::ostream* out) { *out << hostile.fault; }

class HostileFile : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileFile, IsRefusedWithOneClearError) {
  const HostileCase& hostile = GetParam();
  const Result<SafetensorsFile> result = parse(hostile.file);
  ASSERT_FALSE(result) << hostile.fault << " was accepted";
  const std::string& message = result.error().message;
  EXPECT_EQ(result.error().code, hostile.code) << message;
  EXPECT_EQ(message.rfind("hostile.safetensors: ", 0), 0U) << message;
  EXPECT_NE(message.find(hostile.expected_in_message), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_LT(message.size(), 400U);
}

const std::string kGood = entry("a", "U8", "[4]", "[0,4]");
constexpr const char* kBadJson = "not valid JSON";

INSTANTIATE_TEST_SUITE_P(
    Framing, HostileFile,
    ::testing::Values(HostileCase{"no bytes", "", "too short"},
                      HostileCase{"seven bytes", std::string(7, '\0'), "too short"},
                      HostileCase{"header length zero", with_length(0, "{}"), "zero"},
                      HostileCase{"header length past the end", with_length(3, "{}"), "past the end"},
                      HostileCase{"length alone", with_length(2, ""), "past the end"},
                      HostileCase{"header length over the limit", with_length(100'000'001, "{}"), "over the limit",
                                  ErrorCode::kTooLarge},
                      HostileCase{"header length that wraps around", with_length(~0ULL - 3, "{}"), "over the limit",
                                  ErrorCode::kTooLarge},
                      HostileCase{"leading space", file_of(" {}"), "start with '{'"},
                      HostileCase{"byte order mark", file_of("\xEF\xBB\xBF{}"), "start with '{'"},
                      HostileCase{"array at the top", file_of("[]"), "start with '{'"},
                      HostileCase{"a PNG", std::string("\x89PNG\r\n\x1a\n with more behind it"), "over the limit",
                                  ErrorCode::kTooLarge},
                      HostileCase{"not UTF-8", file_of("{\"a\xFF\":{}}"), "UTF-8"},
                      HostileCase{"overlong UTF-8", file_of("{\"\xC0\xAF\":{}}"), "UTF-8"},
                      HostileCase{"zero byte and junk after the header", file_of(std::string("{}\0junk", 7)),
                                  "zero byte"},
                      HostileCase{"junk after the header", file_of("{} x"), kBadJson},
                      HostileCase{"second object after the header", file_of("{}{}"), kBadJson},
                      HostileCase{"bytes after the last tensor", file_of("{" + kGood + "}", 5), "1 bytes follow"},
                      HostileCase{"bytes after no tensor", file_of("{}", 1), "1 bytes follow"},
                      HostileCase{"truncated data", file_of("{" + kGood + "}", 3), "past the end"}));

INSTANTIATE_TEST_SUITE_P(
    Json, HostileFile,
    ::testing::Values(
        HostileCase{"unfinished", file_of("{"), kBadJson}, HostileCase{"unfinished string", file_of("{\"a"), kBadJson},
        HostileCase{"trailing comma", file_of("{" + kGood + ",}", 4), kBadJson},
        HostileCase{"a comment", file_of("{/**/}"), kBadJson},
        HostileCase{"a lone surrogate", file_of("{\"\\ud800\":1}"), kBadJson},
        HostileCase{"a nesting bomb of arrays", file_of("{\"a\":" + std::string(1'000'000, '[')), "an array"},
        HostileCase{"a nesting bomb of objects", file_of([] {
                      std::string bomb;
                      for (int i = 0; i < 100'000; ++i) bomb += "{\"dtype\":";
                      return "{\"a\":" + bomb;
                    }()),
                    "an object"},
        HostileCase{"a tensor that is a number", file_of("{\"a\":1}"), "a number"},
        HostileCase{"a tensor that is null", file_of("{\"a\":null}"), "null"},
        HostileCase{"a tensor that is a string", file_of("{\"a\":\"F32\"}"), "a string"},
        HostileCase{"a tensor as an array", file_of("{\"a\":[\"U8\",[4],[0,4]]}", 4), "an array"},
        HostileCase{"duplicate tensor", file_of("{" + kGood + "," + kGood + "}", 4), "duplicate tensor name \"a\""},
        HostileCase{"duplicate tensor by escape",
                    file_of("{" + kGood + "," + entry("\\u0061", "U8", "[0]", "[4,4]") + "}", 4), "duplicate"},
        HostileCase{"duplicate key in an entry",
                    file_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4),
                    "duplicate key"},
        HostileCase{"duplicate __metadata__", file_of(R"({"__metadata__":{},"__metadata__":{}})"), "duplicate key"},
        HostileCase{"duplicate key in __metadata__", file_of(R"({"__metadata__":{"k":"1","k":"2"}})"), "duplicate key"},
        HostileCase{"a number in __metadata__", file_of(R"({"__metadata__":{"k":1}})"), "__metadata__"},
        HostileCase{"an object in __metadata__", file_of(R"({"__metadata__":{"k":{}}})"), "__metadata__"},
        HostileCase{"an array in __metadata__", file_of(R"({"__metadata__":{"k":[]}})"), "__metadata__"},
        HostileCase{"null in __metadata__", file_of(R"({"__metadata__":{"k":null}})"), "__metadata__"},
        HostileCase{"__metadata__ that is a string", file_of(R"({"__metadata__":"x"})"), "a string"},
        HostileCase{"an unknown key", file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}})", 4),
                    "unknown key \"x\""},
        HostileCase{"no dtype", file_of(R"({"a":{"shape":[4],"data_offsets":[0,4]}})", 4), "lacks"},
        HostileCase{"no shape", file_of(R"({"a":{"dtype":"U8","data_offsets":[0,4]}})", 4), "lacks"},
        HostileCase{"no offsets", file_of(R"({"a":{"dtype":"U8","shape":[4]}})", 4), "lacks"},
        HostileCase{"an empty entry", file_of(R"({"a":{}})"), "lacks"},
        HostileCase{"an empty name", file_of("{" + entry("", "U8", "[4]", "[0,4]") + "}", 4), "empty name"},
        HostileCase{"a name that would forge a log line",
                    file_of("{" + entry("a\\nERROR", "U8", "[5]", "[0,4]") + "}", 4), "a\\x0aERROR"}));

INSTANTIATE_TEST_SUITE_P(
    Values, HostileFile,
    ::testing::Values(
        HostileCase{"unknown dtype", file_of("{" + entry("a", "F33", "[4]", "[0,4]") + "}", 4), "unknown dtype \"F33\"",
                    ErrorCode::kUnsupported},
        HostileCase{"dtype in lower case", file_of("{" + entry("a", "u8", "[4]", "[0,4]") + "}", 4), "unknown dtype",
                    ErrorCode::kUnsupported},
        HostileCase{"dtype that is a number", file_of(R"({"a":{"dtype":8,"shape":[4],"data_offsets":[0,4]}})", 4),
                    "a number"},
        HostileCase{"negative dimension", file_of("{" + entry("a", "U8", "[-4]", "[0,4]") + "}", 4), "negative"},
        HostileCase{"two negative dimensions", file_of("{" + entry("a", "U8", "[-2,-2]", "[0,4]") + "}", 4),
                    "negative"},
        HostileCase{"minus zero", file_of("{" + entry("a", "U8", "[-0]", "[0,0]") + "}"), "negative"},
        HostileCase{"fractional dimension", file_of("{" + entry("a", "U8", "[4.0]", "[0,4]") + "}", 4), "not a 64-bit"},
        HostileCase{"exponent dimension", file_of("{" + entry("a", "U8", "[4e0]", "[0,4]") + "}", 4), "not a 64-bit"},
        HostileCase{"huge exponent", file_of("{" + entry("a", "U8", "[1e999]", "[0,4]") + "}", 4), kBadJson},
        HostileCase{"dimension of 2^63", file_of("{" + entry("a", "U8", "[9223372036854775808]", "[0,4]") + "}", 4),
                    "63 bits"},
        HostileCase{"dimension of 2^64", file_of("{" + entry("a", "U8", "[18446744073709551616]", "[0,0]") + "}"),
                    "not a 64-bit"},
        HostileCase{"shape that is a number", file_of("{" + entry("a", "U8", "4", "[0,4]") + "}", 4), "a number"},
        HostileCase{"nested shape", file_of("{" + entry("a", "U8", "[[4]]", "[0,4]") + "}", 4), "an array"},
        HostileCase{"string in the shape", file_of("{" + entry("a", "U8", "[\"4\"]", "[0,4]") + "}", 4), "a string"},
        HostileCase{"17 dimensions",
                    file_of("{" + entry("a", "U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4]", "[0,4]") + "}", 4),
                    "more than 16", ErrorCode::kTooLarge},
        HostileCase{"product that wraps to zero",
                    file_of("{" + entry("a", "U8", "[4294967296,4294967296]", "[0,0]") + "}"), "overflows"},
        HostileCase{"bits that wrap to zero", file_of("{" + entry("a", "F64", "[2305843009213693952]", "[0,0]") + "}"),
                    "overflows"},
        HostileCase{"product that overflows to a plausible size",
                    file_of("{" + entry("a", "U8", "[4611686018427387905,4]", "[0,4]") + "}", 4), "overflows"},
        HostileCase{"half a byte", file_of("{" + entry("a", "F4", "[3]", "[0,2]") + "}", 2), "whole bytes"},
        HostileCase{"a part of a byte", file_of("{" + entry("a", "F6_E2M3", "[2]", "[0,2]") + "}", 2), "whole bytes"},
        HostileCase{"size over shape", file_of("{" + entry("a", "U8", "[3]", "[0,4]") + "}", 4), "takes 3 bytes"},
        HostileCase{"size under shape", file_of("{" + entry("a", "F32", "[4]", "[0,4]") + "}", 4), "takes 16 bytes"},
        HostileCase{"size of an empty tensor", file_of("{" + entry("a", "F32", "[0]", "[0,4]") + "}", 4), "takes 0"}));

INSTANTIATE_TEST_SUITE_P(
    Offsets, HostileFile,
    ::testing::Values(
        HostileCase{"one offset", file_of("{" + entry("a", "U8", "[4]", "[0]") + "}", 4), "fewer than two"},
        HostileCase{"three offsets", file_of("{" + entry("a", "U8", "[4]", "[0,4,4]") + "}", 4), "more than two"},
        HostileCase{"negative offset", file_of("{" + entry("a", "U8", "[4]", "[-4,0]") + "}", 4), "negative"},
        HostileCase{"fractional offset", file_of("{" + entry("a", "U8", "[4]", "[0,4.5]") + "}", 4), "not a 64-bit"},
        HostileCase{"backwards", file_of("{" + entry("a", "U8", "[4]", "[4,0]") + "}", 4), "backwards"},
        HostileCase{"backwards after another", file_of("{" + kGood + "," + entry("b", "U8", "[4]", "[4,0]") + "}", 4),
                    "backwards"},
        HostileCase{"past the end", file_of("{" + entry("a", "U8", "[8]", "[0,8]") + "}", 4), "past the end"},
        HostileCase{"end of 2^64 - 1", file_of("{" + entry("a", "U8", "[4]", "[0,18446744073709551615]") + "}", 4),
                    "past the end"},
        HostileCase{"gap at the start", file_of("{" + entry("a", "U8", "[4]", "[1,5]") + "}", 5), "a gap"},
        HostileCase{"gap in the middle", file_of("{" + kGood + "," + entry("b", "U8", "[4]", "[5,9]") + "}", 9),
                    "a gap"},
        HostileCase{"overlap", file_of("{" + kGood + "," + entry("b", "U8", "[4]", "[3,7]") + "}", 7), "overlap"},
        HostileCase{"the same bytes twice", file_of("{" + kGood + "," + entry("b", "U8", "[4]", "[0,4]") + "}", 4),
                    "overlap"},
        HostileCase{"one inside the other",
                    file_of("{" + entry("a", "U8", "[8]", "[0,8]") + "," + entry("b", "U8", "[2]", "[2,4]") + "}", 8),
                    "overlap"}));

TEST(HostileLimits, TooManyTensorsAreRefused) {
  std::string header = "{";
  for (int i = 0; i < 65; ++i) {
    header +=
        std::string(i > 0 ? "," : "") + entry(std::string(static_cast<std::size_t>(i) + 1, 't'), "U8", "[0]", "[0,0]");
  }
  const Result<SafetensorsFile> refused = parse(file_of(header + "}"), SafetensorsLimits::for_encodings());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(parse(file_of(header + "}"), SafetensorsLimits::for_checkpoints()));
}

TEST(HostileLimits, AnEncodingsHeaderIsAtMostOneMebibyte) {
  const std::string header = "{}" + std::string((1 << 20) - 2, ' ');
  EXPECT_TRUE(parse(file_of(header), SafetensorsLimits::for_encodings()));
  const Result<SafetensorsFile> refused = parse(file_of(header + " "), SafetensorsLimits::for_encodings());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
}

TEST(HostileLimits, TooManyMetadataKeysAreRefused) {
  std::string header = R"({"__metadata__":{"k":"")";
  for (int i = 0; i < 10'000; ++i) header.append(",\"").append(std::to_string(i)).append("\":\"\"");
  const Result<SafetensorsFile> refused = parse(file_of(header + "}}"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
}

TEST(HostileLimits, EveryTruncationIsRefused) {
  const std::string whole = file_of("{" + kGood + "," + entry("b", "F32", "[2]", "[4,12]") + "}", 12);
  ASSERT_TRUE(parse(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse(whole.substr(0, size))) << size;
}

// Whatever one byte becomes, the parser returns, and what it accepts lies within the data.
TEST(HostileLimits, NoChangedByteLeadsOutsideTheFile) {
  const std::string whole =
      file_of(R"({"__metadata__":{"k":"v"},)" + kGood + "," + entry("b", "F32", "[2]", "[4,12]") + "}", 12);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    for (int value = 0; value < 256; ++value) {
      changed[at] = static_cast<char>(value);
      const Result<SafetensorsFile> result = parse(changed);
      if (!result) continue;
      std::size_t total = 0;
      for (const Tensor& tensor : result->tensors()) total += tensor.data.size();
      EXPECT_EQ(total, result->data().size()) << "byte " << at << " = " << value;
    }
  }
}

}  // namespace
}  // namespace samcache

#include "model/tokenizer/gzip.h"

#include <gtest/gtest.h>

#include <vector>

namespace samcache {
namespace {

constexpr std::size_t kMaxBytes = 1000;

// "cat\n", compressed without a file name.
const std::string kCat = std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) + std::string("\x4b\x4e\x2c\xe1\x02\0", 6) +
                         std::string("\x0a\x73\x44\xea", 4) + std::string("\x04\0\0\0", 4);

// A few hundred kilobytes that unpack to `size` zeros (and then to nonsense): a literal 0, then "258 of the last byte"
// in deflate's fixed code, over and over.
std::string bomb(std::size_t size) {
  std::string result("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  unsigned pending = 0;
  int pending_bits = 0;
  const auto put = [&](std::string_view bits) {
    for (const char bit : bits) {
      pending |= (bit == '1' ? 1U : 0U) << pending_bits;
      if (++pending_bits < 8) continue;
      result += static_cast<char>(pending);
      pending = 0;
      pending_bits = 0;
    }
  };
  put("110");       // last block, fixed code
  put("00110000");  // literal 0
  for (std::size_t unpacked = 1; unpacked < size; unpacked += 258) put("1100010100000");
  put("00000000");
  return result;
}

Result<std::string> unpacked(const std::string& file, std::size_t max_bytes = kMaxBytes) {
  return gunzip(bytes_of(file), max_bytes, "merges.txt.gz");
}

ErrorCode code_of(const Result<std::string>& result) {
  EXPECT_FALSE(result.ok());
  EXPECT_TRUE(result.error().message.starts_with("merges.txt.gz")) << result.error().message;
  return result.error().code;
}

bool has_zlib() { return unpacked(kCat).ok() || unpacked(kCat).error().code != ErrorCode::kUnsupported; }

class Gzip : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_zlib()) GTEST_SKIP() << "built without zlib";
  }
};

TEST(GzipWithoutZlib, SaysWhatToDo) {
  if (has_zlib()) GTEST_SKIP() << "built with zlib";
  EXPECT_NE(unpacked(kCat).error().message.find("gunzip"), std::string::npos);
}

TEST_F(Gzip, UnpacksAllMembersOfAFile) {
  EXPECT_EQ(unpacked(kCat).value(), "cat\n");
  EXPECT_EQ(unpacked(kCat + kCat).value(), "cat\ncat\n");
}

TEST_F(Gzip, TheLimitIsTheLastSizeThatPasses) {
  EXPECT_EQ(unpacked(kCat, 4).value(), "cat\n");
  EXPECT_EQ(code_of(unpacked(kCat, 3)), ErrorCode::kTooLarge);
}

TEST_F(Gzip, AFileThatClaimsToHoldGigabytesIsRefusedAtTheLimit) {
  EXPECT_EQ(code_of(unpacked(bomb(64u << 20), 1u << 20)), ErrorCode::kTooLarge);
}

TEST_F(Gzip, RefusesEveryTruncation) {
  for (std::size_t size = 0; size < kCat.size(); ++size)
    EXPECT_EQ(code_of(unpacked(kCat.substr(0, size))), ErrorCode::kCorrupt) << size;
}

TEST_F(Gzip, RefusesWhatIsChangedOrNotGzip) {
  std::string changed = kCat;
  changed[16] = static_cast<char>(changed[16] ^ 1);  // its checksum
  EXPECT_EQ(code_of(unpacked(changed)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(unpacked("#version: 0.2\n")), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(unpacked(kCat + "garbage")), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace samcache

#include "base/hashing.h"

#include <gtest/gtest.h>

#include <vector>

namespace samcache {
namespace {

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte{static_cast<unsigned char>(i * 131 + (i >> 8))};
  return bytes;
}

// From `xxh128sum`, the reference implementation's own tool.
TEST(Xxh3, MatchesPublishedValues) {
  EXPECT_EQ(xxh3_hex({}), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(xxh3_digest({}), "xxh3-128:99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(xxh3_digest({}).size(), kXxh3DigestLength);
}

TEST(Xxh3, StreamingDoesNotDependOnHowTheBytesAreCut) {
  for (const std::size_t size : {0U, 1U, 16U, 17U, 128U, 129U, 240U, 241U, 1024U, 100'000U}) {
    const std::vector<std::byte> bytes = pattern(size);
    const std::string whole = xxh3_hex(bytes);
    for (const std::size_t piece : {1U, 7U, 64U, 4096U}) {
      Xxh3Hasher hasher;
      for (std::size_t at = 0; at < size; at += piece) {
        hasher.update(ByteSpan(bytes).subspan(at, std::min(piece, size - at)));
      }
      EXPECT_EQ(hasher.hex(), whole) << size << " bytes in pieces of " << piece;
    }
  }
}

TEST(Xxh3, EveryFlippedBitChangesIt) {
  std::vector<std::byte> bytes = pattern(300);
  const std::string before = xxh3_hex(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_NE(xxh3_hex(bytes), before) << "bit " << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

TEST(Xxh3Hasher, ResetStartsOver) {
  Xxh3Hasher hasher;
  hasher.update(pattern(1000));
  hasher.reset();
  EXPECT_EQ(hasher.hex(), xxh3_hex({}));
}

}  // namespace
}  // namespace samcache

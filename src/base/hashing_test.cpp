#include "base/hashing.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// What `xxhsum -H3` prints for no bytes.
TEST(Xxh3, The64BitFormMatchesPublishedValuesAndTheStream) {
  EXPECT_EQ(xxh3_hex64({}), "2d06800538d394c2");
  for (const std::size_t size : {0U, 1U, 16U, 17U, 128U, 129U, 240U, 241U, 1024U, 100'000U}) {
    const std::vector<std::byte> bytes = pattern(size);
    Xxh3Hasher hasher;
    for (std::size_t at = 0; at < size; at += 999) {
      hasher.update(ByteSpan(bytes).subspan(at, std::min<std::size_t>(999, size - at)));
    }
    EXPECT_EQ(hasher.hex64(), xxh3_hex64(bytes)) << size;
  }
}

TEST(ChunkDigests, AreThoseOfEveryFourMebibytesHoweverTheBytesCome) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kDigestChunkBytes, kDigestChunkBytes + 1, 2 * kDigestChunkBytes + 77}) {
    const std::vector<std::byte> bytes = pattern(size);
    std::string expected;
    for (std::size_t at = 0; at < size; at += kDigestChunkBytes) {
      if (at > 0) expected += ',';
      expected += xxh3_hex64(ByteSpan(bytes).subspan(at, std::min(kDigestChunkBytes, size - at)));
    }
    for (const std::size_t piece : {std::size_t{777'777}, std::size_t{1} << 30}) {
      ChunkedXxh3Hasher hasher;
      for (std::size_t at = 0; at < size; at += piece) {
        hasher.update(ByteSpan(bytes).subspan(at, std::min(piece, size - at)));
      }
      EXPECT_EQ(hasher.chunk_digests(), expected) << size;
      EXPECT_EQ(hasher.digest(), xxh3_digest(bytes)) << size;
    }
    EXPECT_TRUE(check_chunk_digests(bytes, expected)) << size;
  }
}

TEST(ChunkDigests, ADifferenceNamesTheChunkAndItsRange) {
  std::vector<std::byte> bytes = pattern(2 * kDigestChunkBytes + 100);
  ChunkedXxh3Hasher hasher;
  hasher.update(bytes);
  const std::string good = hasher.chunk_digests();
  const auto refusal = [&](const std::string& digests) {
    const Status status = check_chunk_digests(bytes, digests);
    return status ? "accepted" : status.error().message;
  };
  for (const std::string& bad : {std::string(), good + ",", good.substr(1), good + good, "0" + good}) {
    EXPECT_NE(refusal(bad).find("characters"), std::string::npos) << refusal(bad);
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    EXPECT_NE(refusal(bad).find("chunk " + std::to_string(i / 17) + " of 0..2"), std::string::npos) << refusal(bad);
  }
  bytes[kDigestChunkBytes + 5] ^= std::byte{4};
  EXPECT_EQ(refusal(good), "chunk 1 of 0..2, bytes 4194304 to 8388607 of the data, does not match its digest");
  bytes[kDigestChunkBytes + 5] ^= std::byte{4};
  bytes.back() ^= std::byte{1};
  EXPECT_EQ(refusal(good), "chunk 2 of 0..2, bytes 8388608 to 8388707 of the data, does not match its digest");
}

TEST(Xxh3Hasher, ResetStartsOver) {
  Xxh3Hasher hasher;
  hasher.update(pattern(1000));
  hasher.reset();
  EXPECT_EQ(hasher.hex(), xxh3_hex({}));
}

}  // namespace
}  // namespace samcache

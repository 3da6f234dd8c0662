#include "store/wire/wire_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "base/hashing.h"
#include "store/testing/store_contract.h"
#include "store/wire/testing/feature_maps.h"
#include "store/wire/wire_frame.h"

namespace samcache {
namespace {

constexpr WireTransform kTransforms[] = {WireTransform::kPlain, WireTransform::kBf16, WireTransform::kFp16,
                                         WireTransform::kFp32};
constexpr MapShape kSmallShape{.channels = 256, .side = 72};

bool same(ByteSpan a, ByteSpan b) { return std::ranges::equal(a, b); }

void expect_round_trip(ByteSpan original, WireTransform transform) {
  const SharedBytes frame = encode_wire(original, transform);
  EXPECT_TRUE(is_wire_frame(frame));
  EXPECT_LE(frame.size(), original.size() + kWireHeaderBytes);
  const Result<SharedBytes> decoded = decode_wire(frame);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(same(*decoded, original)) << original.size();
}

double saved_share(ByteSpan original, const SharedBytes& frame) {
  return 1 - static_cast<double>(frame.size()) / static_cast<double>(original.size());
}

struct Expected {
  const char* name;
  SharedBytes original;
  WireTransform transform;
  double least_saved;
};

TEST(WireCodec, SavesAThirdOfBf16AndASixthOfTheOthers) {
  const std::vector<float> gaussian = gaussian_map(kSmallShape, 1), smooth = smooth_map(kSmallShape, 2);
  const Expected cases[] = {
      {"gaussian bf16", encoding_of(gaussian, WordKind::kBf16), WireTransform::kBf16, 0.29},
      {"smooth bf16", encoding_of(smooth, WordKind::kBf16), WireTransform::kBf16, 0.31},
      {"gaussian fp16", encoding_of(gaussian, WordKind::kFp16), WireTransform::kFp16, 0.12},
      {"smooth fp16", encoding_of(smooth, WordKind::kFp16), WireTransform::kFp16, 0.13},
      {"gaussian fp32", encoding_of(gaussian, WordKind::kFp32), WireTransform::kFp32, 0.14},
      {"smooth fp32", encoding_of(smooth, WordKind::kFp32), WireTransform::kFp32, 0.15},
  };
  for (const Expected& expected : cases) {
    EXPECT_EQ(choose_wire_transform(expected.original), expected.transform) << expected.name;
    const SharedBytes frame = encode_wire(expected.original);
    EXPECT_GE(saved_share(expected.original, frame), expected.least_saved) << expected.name;
    const auto decoded = decode_wire(frame);
    ASSERT_TRUE(decoded) << expected.name << ": " << decoded.error().message;
    EXPECT_TRUE(same(*decoded, expected.original)) << expected.name;
  }
}

TEST(WireCodec, WhatDoesNotPayIsPlainAndDecodesToAViewOfItself) {
  const SharedBytes original = random_bytes(3'000'001, 5);
  EXPECT_EQ(choose_wire_transform(original), WireTransform::kPlain);
  const SharedBytes frame = encode_wire(original);
  EXPECT_EQ(frame.size(), original.size() + kWireHeaderBytes);
  const auto decoded = decode_wire(frame);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->data(), frame.data() + kWireHeaderBytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(decoded->data()) % kBufferAlignment, 0U);
  EXPECT_TRUE(same(*decoded, original));
}

TEST(WireCodec, EverySizeRoundTripsWithEveryTransform) {
  const SharedBytes noise = random_bytes(2'100'000, 7);
  const SharedBytes map = encoding_of(gaussian_map({.channels = 200, .side = 72}, 3), WordKind::kBf16);
  for (const WireTransform transform : kTransforms) {
    for (std::size_t size = 0; size <= 40; ++size) expect_round_trip(noise.span().first(size), transform);
    for (const std::size_t size :
         {4095, 4096, 4097, 131071, 524287, 524288, 524289, 524290, 524291, 1048576, 2000003}) {
      expect_round_trip(noise.span().first(size), transform);
      expect_round_trip(map.span().first(size), transform);
      expect_round_trip(map.span().subspan(1, size), transform);  // words that are not aligned
    }
  }
}

TEST(WireCodec, EveryBitPatternRoundTrips) {
  // All 16-bit words, each many times next to itself so that every transform has something to gain.
  std::vector<std::uint16_t> halves;
  for (std::uint32_t word = 0; word < 65536; ++word) halves.insert(halves.end(), 32, static_cast<std::uint16_t>(word));
  // All exponents and signs of 32 bits with some mantissas: zeros, subnormals, infinities and NaNs are among them.
  std::vector<std::uint32_t> words;
  for (std::uint32_t top = 0; top < 65536; ++top) {
    for (const std::uint32_t low : {0U, 1U, 0x8000U, 0xffffU}) words.push_back((top << 16) | low);
  }
  for (const WireTransform transform : kTransforms) {
    expect_round_trip(bytes_of(halves), transform);
    expect_round_trip(bytes_of(words), transform);
    // The planes were really cut, and not all kept plain.
    EXPECT_EQ(encode_wire(bytes_of(halves), transform).data()[9], static_cast<std::byte>(transform));
  }
}

TEST(WireCodec, ConstantContentShrinksToItsRawHalf) {
  const std::vector<std::byte> zeros(1'000'000);
  const SharedBytes frame = encode_wire(zeros);
  EXPECT_LT(frame.size(), 501'000U);
  EXPECT_TRUE(same(decode_wire(frame).value(), zeros));
}

TEST(WireCodec, ABlockThatDoesNotShrinkIsKeptAsItIsAmongOthersThatDo) {
  const SharedBytes map = encoding_of(gaussian_map({.channels = 300, .side = 72}, 3), WordKind::kBf16);
  AlignedBuffer mixed(map.size());
  std::memcpy(mixed.data(), map.data(), map.size());
  const SharedBytes noise = random_bytes(1 << 20, 1);
  std::memcpy(mixed.data() + (1 << 20), noise.data(), noise.size());
  const SharedBytes frame = encode_wire(mixed.span(), WireTransform::kBf16);
  EXPECT_NE(read_wire_table_entry(frame.data(), 1), 0U);
  EXPECT_EQ(read_wire_table_entry(frame.data(), 2), 0U);
  EXPECT_EQ(read_wire_table_entry(frame.data(), 3), 0U);
  EXPECT_NE(read_wire_table_entry(frame.data(), 4), 0U);
  EXPECT_TRUE(same(decode_wire(frame).value(), mixed.span()));
}

// The layout as a decoder elsewhere reads it: by the offsets of the documentation alone.
TEST(WireCodec, TheHeaderIsWhatTheFormatSays) {
  const SharedBytes original = encoding_of(gaussian_map({.channels = 100, .side = 72}, 3), WordKind::kBf16, 1);
  const SharedBytes frame = encode_wire(original);
  const auto integer = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(frame.data()[at + i]) << (8 * i);
    return value;
  };
  EXPECT_EQ(text_of(frame.span().first(8)), "\x93SCWIRE\n");
  EXPECT_EQ(integer(8, 1), 1U);
  EXPECT_EQ(integer(9, 1), 1U);
  const std::uint64_t block_bytes = integer(12, 4);
  EXPECT_EQ(integer(16, 8), original.size());
  EXPECT_EQ(integer(24, 8), frame.size());
  std::string digest;
  for (std::size_t i = 32; i < 48; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned>(frame.data()[i]));
    digest += digits;
  }
  EXPECT_EQ(digest, xxh3_hex(original));
  const std::uint64_t blocks = (original.size() + block_bytes - 1) / block_bytes;
  EXPECT_EQ(blocks, 2U);
  std::uint64_t end = 64 + 4 * blocks;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t bytes = std::min(block_bytes, original.size() - i * block_bytes);
    // The first word of the block: its rest byte opens the block, a zstd frame closes it.
    const auto word = static_cast<unsigned>(original.data()[i * block_bytes]) |
                      (static_cast<unsigned>(original.data()[i * block_bytes + 1]) << 8);
    EXPECT_EQ(integer(end, 1), ((word >> 8) & 0x80) | (word & 0x7f));
    EXPECT_EQ(integer(end + bytes / 2 + bytes % 2, 4), 0xFD2FB528U);
    end += bytes / 2 + bytes % 2 + integer(64 + 4 * i, 4);
  }
  EXPECT_EQ(end, frame.size());
}

}  // namespace
}  // namespace samcache

// The decoder is given damaged and lying frames: it answers with an error or with the right bytes, never with others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "store/testing/store_contract.h"
#include "store/wire/testing/feature_maps.h"
#include "store/wire/wire_codec.h"
#include "store/wire/wire_frame.h"

namespace samcache {
namespace {

SharedBytes small_map(WordKind kind) { return encoding_of(gaussian_map({.channels = 2, .side = 60}, 11), kind, 1); }

// Exactly sized, so that a sanitizer sees a read past the end.
SharedBytes exact_copy(ByteSpan bytes) { return SharedBytes(std::vector<std::byte>(bytes.begin(), bytes.end())); }

template <class T>
SharedBytes with(const SharedBytes& frame, std::size_t at, T value) {
  std::vector<std::byte> bytes(frame.span().begin(), frame.span().end());
  std::memcpy(bytes.data() + at, &value, sizeof(T));
  return SharedBytes(std::move(bytes));
}

bool one_line(const std::string& message) {
  return !message.empty() && message.size() < 200 && message.find('\n') == std::string::npos;
}

void expect_error_or(ByteSpan original, const SharedBytes& damaged) {
  const auto decoded = decode_wire(damaged, 1 << 20);
  if (decoded) {
    EXPECT_TRUE(std::ranges::equal(decoded->span(), original));
    return;
  }
  const ErrorCode code = decoded.error().code;
  EXPECT_TRUE(code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported) << decoded.error().message;
  EXPECT_TRUE(one_line(decoded.error().message)) << decoded.error().message;
}

class WireHostileTest : public testing::TestWithParam<WireTransform> {
 protected:
  const SharedBytes original_ = small_map(GetParam() == WireTransform::kFp32 ? WordKind::kFp32 : WordKind::kBf16);
  const SharedBytes frame_ = encode_wire(original_, GetParam());
};

TEST_P(WireHostileTest, FlippedBitsNeverGiveWrongBytes) {
  std::mt19937 random(1);
  const std::size_t interesting[] = {kWireHeaderBytes + 8, frame_.size()};  // half of the flips hit the sizes
  for (int i = 0; i < 6000; ++i) {
    std::vector<std::byte> bytes(frame_.span().begin(), frame_.span().end());
    const int flips = 1 + static_cast<int>(random() % 4);
    for (int flip = 0; flip < flips; ++flip) {
      bytes[random() % interesting[random() % 2]] ^= static_cast<std::byte>(1U << (random() % 8));
    }
    expect_error_or(original_, SharedBytes(std::move(bytes)));
  }
}

TEST_P(WireHostileTest, EverySingleBitOfTheHeaderCounts) {
  for (std::size_t bit = 0; bit < 8 * kWireHeaderBytes; ++bit) {
    const auto flipped = static_cast<unsigned char>(static_cast<unsigned>(frame_.data()[bit / 8]) ^ (1U << (bit % 8)));
    const SharedBytes damaged = with(frame_, bit / 8, flipped);
    expect_error_or(original_, damaged);
    // A block size that is another one, but also larger than the content, says the same.
    const bool is_block_size = bit / 8 >= 12 && bit / 8 < 16;
    EXPECT_TRUE(is_block_size || !decode_wire(damaged)) << bit;
  }
}

TEST_P(WireHostileTest, CutOrExtendedIsCorrupt) {
  std::mt19937 random(2);
  for (int i = 0; i < 1200; ++i) {
    const std::size_t size = i < 200 ? static_cast<std::size_t>(i) : random() % frame_.size();
    const auto cut = decode_wire(exact_copy(frame_.span().first(size)));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kCorrupt);
    // The same with a size that agrees.
    if (size >= kWireHeaderBytes) {
      const auto patched = with(exact_copy(frame_.span().first(size)), 24, std::uint64_t{size});
      ASSERT_FALSE(decode_wire(patched)) << size;
    }
  }
  std::vector<std::byte> longer(frame_.span().begin(), frame_.span().end());
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode_wire(SharedBytes(longer)));
  EXPECT_FALSE(decode_wire(with(SharedBytes(longer), 24, std::uint64_t{longer.size()})));
}

TEST_P(WireHostileTest, LyingSizesAreRefusedBeforeMemoryIsTaken) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 20, std::uint64_t{1} << 40,
                                   ~std::uint64_t{0}, ~std::uint64_t{0} - 4096, std::uint64_t{1} << 63}) {
    for (const std::uint32_t block : {0U, 1U, 4095U, 4096U, 4098U, 1U << 19, 1U << 24, (1U << 24) + 4, ~0U}) {
      EXPECT_FALSE(decode_wire(with(with(frame_, 16, size), 12, block), ~std::uint64_t{0}));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transforms, WireHostileTest,
                         testing::Values(WireTransform::kPlain, WireTransform::kBf16, WireTransform::kFp16,
                                         WireTransform::kFp32));

TEST(WireHostile, DamageInLargeFramesOfSeveralBlocksIsFound) {
  const SharedBytes original = encoding_of(smooth_map({.channels = 120, .side = 72}, 4), WordKind::kBf16);
  const SharedBytes frame = encode_wire(original);
  std::mt19937 random(3);
  std::vector<std::byte> bytes(frame.span().begin(), frame.span().end());
  for (int i = 0; i < 200; ++i) {
    std::byte& victim = bytes[random() % bytes.size()];
    const std::byte before = victim;
    victim ^= static_cast<std::byte>(1U << (random() % 8));
    const auto decoded = decode_wire(SharedBytes::copy_of(bytes));
    EXPECT_TRUE(!decoded || std::ranges::equal(decoded->span(), original.span()));
    victim = before;
  }
}

TEST(WireHostile, TheWrongTransformIsFoundByTheDigest) {
  const SharedBytes frame = encode_wire(small_map(WordKind::kBf16), WireTransform::kBf16);
  const auto decoded = decode_wire(with(frame, 9, WireTransform::kFp16));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt);
}

TEST(WireHostile, AZstdFrameThatHoldsMoreOrLessThanTheBlockIsCorrupt) {
  const SharedBytes map = small_map(WordKind::kBf16);
  const SharedBytes frame = encode_wire(map, WireTransform::kBf16);
  // One word more and one fewer than the zstd frame has, the raw part adjusted so that all sizes agree.
  for (const int words : {1, -1}) {
    std::vector<std::byte> bytes(frame.span().begin(), frame.span().end());
    const auto place = bytes.begin() + kWireHeaderBytes + kWireTableEntryBytes;
    if (words > 0) bytes.insert(place, std::byte{0});
    if (words < 0) bytes.erase(place);
    SharedBytes lying = with(SharedBytes(bytes), 24, std::uint64_t{bytes.size()});
    lying = with(lying, 16, std::uint64_t{map.size() + static_cast<std::size_t>(2 * words)});
    const auto decoded = decode_wire(lying);
    ASSERT_FALSE(decoded);
    EXPECT_NE(decoded.error().message.find("block 0"), std::string::npos) << decoded.error().message;
  }
}

TEST(WireHostile, ContentOverTheLimitIsTooLarge) {
  const SharedBytes map = small_map(WordKind::kBf16);
  for (const WireTransform transform : {WireTransform::kPlain, WireTransform::kBf16}) {
    const SharedBytes frame = encode_wire(map, transform);
    EXPECT_TRUE(decode_wire(frame, map.size()));
    EXPECT_EQ(decode_wire(frame, map.size() - 1).error().code, ErrorCode::kTooLarge);
  }
}

TEST(WireHostile, WhatIsNoFrameIsCorruptAndALaterVersionUnsupported) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{64}, std::size_t{5000}}) {
    EXPECT_EQ(decode_wire(random_bytes(size, 1)).error().code, ErrorCode::kCorrupt);
  }
  const SharedBytes frame = encode_wire(random_bytes(100, 1));
  EXPECT_EQ(decode_wire(with(frame, 8, std::uint8_t{2})).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace samcache

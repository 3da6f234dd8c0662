#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "image/mask_codec.h"
#include "image/test_masks.h"

namespace samcache {
namespace {

// The definition, written as slowly and plainly as can be: what the fast code is compared with.
std::vector<std::uint32_t> plain_counts(const BinaryMask& mask) {
  std::vector<std::uint32_t> counts{0};
  bool value = false;
  for (int x = 0; x < mask.width; ++x) {
    for (int y = 0; y < mask.height; ++y) {
      if (mask.at(x, y) != value) {
        counts.push_back(0);
        value = !value;
      }
      ++counts.back();
    }
  }
  return counts;
}

std::string plain_compressed(const std::vector<std::uint32_t>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    long number = counts[i];
    if (i > 2) number -= static_cast<long>(counts[i - 2]);
    // The smallest number of 5-bit groups whose two's complement holds the number.
    int groups = 1;
    while (number < -(1L << (5 * groups - 1)) || number >= 1L << (5 * groups - 1)) ++groups;
    for (int g = 0; g < groups; ++g) {
      const long bits = static_cast<long>(std::floor(static_cast<double>(number) / std::pow(32.0, g))) & 31;
      text += static_cast<char>('0' + bits + (g + 1 < groups ? 32 : 0));
    }
  }
  return text;
}

TEST(Rle, AgreesWithThePlainDefinitionOnAllKindsOfMasks) {
  for (const auto& [name, mask] : all_kinds_of_masks()) {
    SCOPED_TRACE(name);
    const std::vector<std::uint32_t> counts = rle_counts_from_mask(mask);
    EXPECT_EQ(counts, plain_counts(mask));
    const CocoRle rle = rle_from_mask(mask);
    EXPECT_EQ(rle.counts, plain_compressed(counts));
    EXPECT_EQ(*expand_rle_counts(rle), counts);
    EXPECT_EQ(mask_from_rle(rle)->pixels, mask.pixels);
    const MaskExtent expected = extent_of_mask(mask);
    const MaskExtent extent = *extent_of_rle(rle);
    EXPECT_EQ(extent.area, expected.area);
    EXPECT_EQ((std::array{extent.x0, extent.y0, extent.x1, extent.y1}),
              (std::array{expected.x0, expected.y0, expected.x1, expected.y1}));
  }
}

// What the COCO API's own code gives for these masks.
TEST(Rle, ReadsAndWritesTheStringsOfPycocotools) {
  struct Known {
    BinaryMask mask;
    const char* counts;
  };
  const Known known[] = {
      {mask_of({"0000", "0110", "0110", "0000"}), "52203"},
      {mask_of({"1111", "1111"}), "08"},
      {mask_of({"0000", "0000"}), "8"},
      {mask_where(640, 480, [](int, int) { return true; }), "0PP\\9"},
      {mask_where(5, 4, [](int x, int y) { return (x + y) % 2 == 0; }), "011010O10O10O10O0"},
      {mask_where(30, 20, [](int x, int y) { return (x - 15) * (x - 15) + (y - 10) * (y - 10) <= 64; }),
       "f41`06K4M2O0O2O000O20N10001N101N3L5Ja3"},
      {rectangle_mask(640, 480, 100, 50, 300, 400), nullptr},
  };
  for (const Known& k : known) {
    // 200 columns of 350 pixels, 130 apart.
    const std::string counts = k.counts != nullptr ? k.counts : "bm^1n:R4" + std::string(397, '0') + "^Zo4";
    EXPECT_EQ(rle_from_mask(k.mask).counts, counts);
    EXPECT_EQ(mask_from_rle({k.mask.height, k.mask.width, counts})->pixels, k.mask.pixels);
  }
}

TEST(Rle, RefusesMalformedStrings) {
  struct Case {
    const char* why;
    CocoRle rle;
  };
  const Case cases[] = {
      {"nothing at all", {4, 4, ""}},
      {"too few pixels", {4, 4, "7"}},
      {"too many pixels", {4, 4, "ab"}},
      {"a character below the alphabet", {4, 4, "/@"}},
      {"a character above the alphabet", {4, 4, "p"}},
      {"a byte over 127", {4, 4, "\xFF"}},
      {"a NUL",
       {4, 4,
        std::string("8\0"
                    "8",
                    3)}},
      {"an end in the middle of a number", {4, 4, "P"}},
      {"a number without an end", {4, 4, std::string(100, 'o')}},
      {"a number of more than 35 bits", {4, 4, "PPPPPPP0"}},
      {"a negative first run", {4, 4, "O"}},
      {"a negative run by its difference", {4, 4, "444O0"}},
      {"a run over 32 bits", {4, 4, "oooooo?"}},
      {"runs that add up to the size only after wrapping", {4, 4, "PPPPP24PPPPP2"}},
      {"no columns", {4, 0, ""}},
      {"no rows", {0, 4, ""}},
      {"a negative size", {-4, -4, "`0"}},
      {"a size whose product overflows 32 bits", {65536, 65536, "0"}},
      {"the largest size there is", {INT32_MAX, INT32_MAX, "0"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    EXPECT_FALSE(mask_from_rle(c.rle).ok());
    EXPECT_FALSE(extent_of_rle(c.rle).ok());
  }
}

TEST(Rle, AcceptsRunsOfLengthZero) {
  // 5 zeros, 0 ones, 3 zeros, 1 one, 0 zeros, 7 ones
  const std::vector<std::uint32_t> counts{5, 0, 3, 1, 0, 7};
  const BinaryMask mask = *mask_from_rle({4, 4, compress_rle_counts(counts)});
  EXPECT_EQ(mask.pixels, mask_of({"0011", "0011", "0011", "0011"}).pixels);
  const MaskExtent extent = *extent_of_rle({4, 4, compress_rle_counts(counts)});
  EXPECT_EQ(extent.area, 8U);
  EXPECT_EQ(extent.x0, 2);
}

TEST(Rle, UncompressedCountsMustCoverTheMask) {
  EXPECT_TRUE(mask_from_rle_counts(std::vector<std::uint32_t>{3, 1}, 2, 2).ok());
  EXPECT_FALSE(mask_from_rle_counts(std::vector<std::uint32_t>{3, 2}, 2, 2).ok());
  EXPECT_FALSE(mask_from_rle_counts(std::vector<std::uint32_t>{3}, 2, 2).ok());
  EXPECT_FALSE(mask_from_rle_counts(std::vector<std::uint32_t>{}, 2, 2).ok());
  // Adds up to 4 modulo 2^32.
  EXPECT_FALSE(mask_from_rle_counts(std::vector<std::uint32_t>{UINT32_MAX, 5}, 2, 2).ok());
}

TEST(Rle, RandomStringsNeverDoHarm) {
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    CocoRle rle{static_cast<int>(random() % 4) + 1, static_cast<int>(random() % 4) + 1, {}};
    const std::size_t length = random() % 12;
    for (std::size_t k = 0; k < length; ++k) rle.counts += static_cast<char>('0' + random() % 66 - 1);
    const auto mask = mask_from_rle(rle);
    if (!mask) continue;
    ++accepted;
    EXPECT_EQ(mask_from_rle(rle_from_mask(*mask))->pixels, mask->pixels);
  }
  EXPECT_GT(accepted, 100);
}

TEST(Masks, ValuesOtherThan0And1AreAProgrammersError) {
  BinaryMask mask = mask_of({"01", "10"});
  mask.pixels[1] = 255;
  EXPECT_THROW(rle_from_mask(mask), std::logic_error);
  EXPECT_THROW(extent_of_mask(mask), std::logic_error);
  EXPECT_THROW(polygons_from_mask(mask), std::logic_error);
  EXPECT_EQ(mask_from_values(mask.pixels, 2, 2).pixels, mask_of({"01", "10"}).pixels);
}

TEST(Masks, ASizeThatDoesNotFitThePixelsIsAProgrammersError) {
  EXPECT_THROW(rle_from_mask({3, 2, std::vector<std::uint8_t>(5)}), std::logic_error);
  EXPECT_THROW(rle_from_mask({0, 0, {}}), std::logic_error);
  EXPECT_THROW(rle_from_mask({-2, -2, std::vector<std::uint8_t>(4)}), std::logic_error);
  EXPECT_THROW(mask_from_values(std::vector<std::uint8_t>(5), 2, 2), std::logic_error);
}

}  // namespace
}  // namespace samcache

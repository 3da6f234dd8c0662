#include "tensors/tensor.h"

#include <gtest/gtest.h>

#include <limits>

namespace samcache {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(DType, NamesAndBitsOfTheWholeFormat) {
  const std::vector<std::pair<const char*, std::size_t>> expected = {
      {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},   {"I8", 8},
      {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"I16", 16}, {"F8_E5M2FNUZ", 8},
      {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32}, {"F32", 32},
      {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
  };
  for (const auto& [name, bits] : expected) {
    const std::optional<DType> dtype = parse_dtype(name);
    ASSERT_TRUE(dtype) << name;
    EXPECT_EQ(dtype_name(*dtype), name);
    EXPECT_EQ(dtype_bits(*dtype), bits) << name;
  }
  EXPECT_EQ(expected.size(), static_cast<std::size_t>(DType::kU64) + 1);
  EXPECT_FALSE(parse_dtype("f32"));
  EXPECT_FALSE(parse_dtype(""));
}

TEST(DType, AlignmentIsTheElementSizeAndOneForPackedTypes) {
  EXPECT_EQ(dtype_alignment(DType::kF4), 1U);
  EXPECT_EQ(dtype_alignment(DType::kF6E2M3), 1U);
  EXPECT_EQ(dtype_alignment(DType::kBF16), 2U);
  EXPECT_EQ(dtype_alignment(DType::kC64), 8U);
}

TEST(ElementCount, OfScalarsAndEmptyTensors) {
  EXPECT_EQ(element_count(std::vector<std::int64_t>{}), 1U);
  EXPECT_EQ(element_count(std::vector<std::int64_t>{2, 3, 4}), 24U);
  EXPECT_EQ(element_count(std::vector<std::int64_t>{2, 0, 4}), 0U);
  EXPECT_EQ(element_count(std::vector<std::int64_t>{kMax}), static_cast<std::uint64_t>(kMax));
}

TEST(ElementCount, RefusesNegativeDimensionsOverflowAndWrapToZero) {
  EXPECT_FALSE(element_count(std::vector<std::int64_t>{-1}));
  EXPECT_FALSE(element_count(std::vector<std::int64_t>{-1, -1}));
  EXPECT_FALSE(element_count(std::vector<std::int64_t>{kMax, 2}));
  EXPECT_FALSE(element_count(std::vector<std::int64_t>{1LL << 32, 1LL << 32})) << "wraps to zero in 64 bits";
  EXPECT_FALSE(element_count(std::vector<std::int64_t>{1LL << 40, 1LL << 40, 0})) << "a zero excuses nothing";
  EXPECT_FALSE(element_count(std::vector<std::int64_t>{0, 1LL << 40, 1LL << 40}));
}

TEST(TensorSize, CountsBitsAndRefusesHalfBytesAndOverflow) {
  EXPECT_EQ(tensor_size_bytes(DType::kF4, std::vector<std::int64_t>{2}), 1U);
  EXPECT_FALSE(tensor_size_bytes(DType::kF4, std::vector<std::int64_t>{3}));
  EXPECT_EQ(tensor_size_bytes(DType::kF6E3M2, std::vector<std::int64_t>{4}), 3U);
  EXPECT_FALSE(tensor_size_bytes(DType::kF6E3M2, std::vector<std::int64_t>{2}));
  EXPECT_EQ(tensor_size_bytes(DType::kF64, std::vector<std::int64_t>{3}), 24U);
  EXPECT_FALSE(tensor_size_bytes(DType::kF64, std::vector<std::int64_t>{1LL << 60}));
  EXPECT_FALSE(tensor_size_bytes(DType::kF64, std::vector<std::int64_t>{1LL << 61})) << "wraps to zero in 64 bits";
}

TEST(ShapeText, IsForMessages) {
  EXPECT_EQ(shape_text(std::vector<std::int64_t>{1, 1024, 72, 72}), "[1, 1024, 72, 72]");
  EXPECT_EQ(shape_text(std::vector<std::int64_t>{}), "[]");
}

}  // namespace
}  // namespace samcache

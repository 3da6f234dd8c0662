#include "tensors/cast.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "tensors/cast_kernels.h"

namespace samcache {
namespace {

float from_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }

std::uint16_t bf16(float value) {
  std::uint16_t result = 0;
  f32_to_bf16({&value, 1}, {&result, 1});
  return result;
}

std::uint16_t f16(float value) {
  std::uint16_t result = 0;
  f32_to_f16({&value, 1}, {&result, 1});
  return result;
}

// Every 16-bit pattern.
std::vector<std::uint16_t> all_16_bit_values() {
  std::vector<std::uint16_t> values(1 << 16);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint16_t>(i);
  return values;
}

// All exponents and signs with mantissas around every rounding boundary, and random patterns. The count is odd, so that
// the kernels' tails run too.
std::vector<float> difficult_floats() {
  std::vector<float> values;
  for (std::uint32_t high = 0; high < (1U << 16); ++high) {
    for (const std::uint32_t low : {0U, 1U, 0xfffU, 0x1000U, 0x1001U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
      values.push_back(from_bits((high << 16) | low));
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 1'000'003; ++i) values.push_back(from_bits(static_cast<std::uint32_t>(random())));
  return values;
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(bf16(1.0F), 0x3f80);
  EXPECT_EQ(bf16(from_bits(0x3f808000)), 0x3f80) << "a tie goes to the even neighbour below";
  EXPECT_EQ(bf16(from_bits(0x3f818000)), 0x3f82) << "a tie goes to the even neighbour above";
  EXPECT_EQ(bf16(from_bits(0x3f808001)), 0x3f81);
  EXPECT_EQ(bf16(std::numeric_limits<float>::max()), 0x7f80) << "overflow gives infinity";
  EXPECT_EQ(bf16(-std::numeric_limits<float>::infinity()), 0xff80);
  EXPECT_EQ(bf16(-0.0F), 0x8000);
  EXPECT_EQ(bf16(from_bits(0x00010000)), 0x0001) << "subnormals are kept";
}

TEST(Bf16, NanStaysNan) {
  EXPECT_EQ(bf16(from_bits(0x7f800001)), 0x7fc0) << "a payload in the low bits must not become infinity";
  EXPECT_EQ(bf16(from_bits(0xffffffff)), 0xffff) << "nor carry over into zero";
}

TEST(F16, RoundsToNearestEven) {
  EXPECT_EQ(f16(1.0F), 0x3c00);
  EXPECT_EQ(f16(65504.0F), 0x7bff);
  EXPECT_EQ(f16(65519.99F), 0x7bff);
  EXPECT_EQ(f16(65520.0F), 0x7c00);
  EXPECT_EQ(f16(0x1p-24F), 0x0001);
  EXPECT_EQ(f16(0x1p-25F), 0x0000) << "a tie goes to even, here zero";
  EXPECT_EQ(f16(0x1.8p-24F), 0x0002);
  EXPECT_EQ(f16(-0x1p-14F), 0x8400);
  EXPECT_EQ(f16(from_bits(0x7f800001)), 0x7e00);
}

TEST(F16, WideningIsExact) {
  const std::vector<std::uint16_t> halves = all_16_bit_values();
  std::vector<float> wide(halves.size());
  f16_to_f32(halves, wide);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const int exponent = (halves[i] >> 10) & 31;
    if (exponent == 31) continue;
    const int mantissa = (halves[i] & 1023) | (exponent > 0 ? 1024 : 0);
    const double expected = std::ldexp(mantissa, std::max(exponent, 1) - 25) * ((halves[i] & 0x8000) != 0 ? -1 : 1);
    EXPECT_EQ(wide[i], expected) << i;
  }
}

TEST(Casts, SixteenBitValuesSurviveTheRoundTrip) {
  const std::vector<std::uint16_t> halves = all_16_bit_values();
  std::vector<float> wide(halves.size());
  std::vector<std::uint16_t> back(halves.size());
  const auto is_same = [](std::uint16_t a, std::uint16_t b, std::uint16_t quiet) {
    return a == b || (a | quiet) == b;  // a signalling NaN becomes quiet
  };
  bf16_to_f32(halves, wide);
  f32_to_bf16(wide, back);
  for (std::size_t i = 0; i < halves.size(); ++i) EXPECT_TRUE(is_same(halves[i], back[i], 0x40)) << i;
  f16_to_f32(halves, wide);
  f32_to_f16(wide, back);
  for (std::size_t i = 0; i < halves.size(); ++i) EXPECT_TRUE(is_same(halves[i], back[i], 0x200)) << i;
}

TEST(CastKernels, TheCpusOwnGiveTheSameBitsAsThePortableOnes) {
  const CastKernels* native = native_cast_kernels();
  if (native == nullptr) GTEST_SKIP() << "this CPU has no kernels of its own";
  const CastKernels& portable = portable_cast_kernels();

  const std::vector<float> floats = difficult_floats();
  std::vector<std::uint16_t> expected(floats.size());
  std::vector<std::uint16_t> actual(floats.size());
  portable.f32_to_bf16(floats.data(), expected.data(), floats.size());
  native->f32_to_bf16(floats.data(), actual.data(), floats.size());
  EXPECT_EQ(actual, expected);
  portable.f32_to_f16(floats.data(), expected.data(), floats.size());
  native->f32_to_f16(floats.data(), actual.data(), floats.size());
  EXPECT_EQ(actual, expected);

  const std::vector<std::uint16_t> halves = all_16_bit_values();
  std::vector<float> wide(halves.size());
  std::vector<float> native_wide(halves.size());
  portable.f16_to_f32(halves.data(), wide.data(), halves.size());
  native->f16_to_f32(halves.data(), native_wide.data(), halves.size());
  EXPECT_EQ(std::memcmp(wide.data(), native_wide.data(), wide.size() * sizeof(float)), 0);
  portable.bf16_to_f32(halves.data(), wide.data(), halves.size());
  native->bf16_to_f32(halves.data(), native_wide.data(), halves.size());
  EXPECT_EQ(std::memcmp(wide.data(), native_wide.data(), wide.size() * sizeof(float)), 0);
}

TEST(Casts, LengthsMustAgree) {
  std::vector<float> floats(4);
  std::vector<std::uint16_t> halves(3);
  EXPECT_THROW(f32_to_bf16(floats, halves), std::logic_error);
  EXPECT_THROW(f16_to_f32(halves, floats), std::logic_error);
}

// 10,001 values from 0 in steps of 1/4, starting at an odd address as in a file from elsewhere.
Tensor misaligned_tensor() {
  std::vector<float> values(10'001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 512) * 0.25F;
  std::vector<std::byte> bytes(1 + values.size() * sizeof(float));
  std::memcpy(bytes.data() + 1, values.data(), bytes.size() - 1);
  return {"t", DType::kF32, {10'001}, SharedBytes(std::move(bytes)).slice(1, values.size() * sizeof(float))};
}

TEST(CastTensor, GoesThroughEveryPairAndBack) {
  const Tensor original = misaligned_tensor();
  const Result<Tensor> as_bf16 = cast_tensor(original, DType::kBF16);
  ASSERT_TRUE(as_bf16);
  EXPECT_EQ(as_bf16->data.size(), 2 * 10'001U);
  const Result<Tensor> as_f16 = cast_tensor(*as_bf16, DType::kF16);
  ASSERT_TRUE(as_f16);
  const Result<Tensor> back = cast_tensor(*as_f16, DType::kF32);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->dtype, DType::kF32);
  EXPECT_EQ(back->shape, original.shape);
  // Quarters up to 128 have at most 9 bits; bfloat16 keeps 8, so compare against what it keeps.
  const Result<Tensor> direct = cast_tensor(*as_bf16, DType::kF32);
  ASSERT_TRUE(direct);
  EXPECT_EQ(text_of(back->data), text_of(direct->data));
  const Result<Tensor> exact = cast_tensor(*cast_tensor(original, DType::kF16), DType::kF32);
  ASSERT_TRUE(exact);
  EXPECT_EQ(text_of(exact->data), text_of(original.data));
}

TEST(CastTensor, SharesWhenNothingChangesAndRefusesIntegers) {
  const Tensor original = misaligned_tensor();
  EXPECT_EQ(cast_tensor(original, DType::kF32)->data.data(), original.data.data());
  const Tensor integers{"ids", DType::kI32, {1}, SharedBytes(std::vector<std::byte>(4))};
  const Result<Tensor> refused = cast_tensor(integers, DType::kF32);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("ids"), std::string::npos);
}

}  // namespace
}  // namespace samcache

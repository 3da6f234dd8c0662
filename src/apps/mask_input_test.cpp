#include "apps/mask_input.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <fstream>
#include <limits>
#include <numeric>

#include "base/atomic_file.h"
#include "image/mask_codec.h"
#include "image/mask_logits.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 6;
constexpr int kHeight = 4;
constexpr int kSide = 8;

BinaryMask left_half(int width, int height) {
  BinaryMask mask{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height)};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width / 2; ++x) mask.pixels[static_cast<std::size_t>(y) * width + x] = 1;
  }
  return mask;
}

class MaskInputTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/mask-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(ByteSpan bytes) const {
    const fs::path path = folder_ / "mask";
    EXPECT_TRUE(write_file_atomically(path, bytes));
    return path;
  }
  fs::path write(std::string_view text) const { return write(bytes_of(text)); }
  Result<std::vector<float>> read(const fs::path& path) const { return read_mask_input(path, kWidth, kHeight, kSide); }

  fs::path folder_;
};

TEST_F(MaskInputTest, LogitsComeBackAsTheyWereWritten) {
  std::vector<float> logits(kSide * kSide);
  std::iota(logits.begin(), logits.end(), -31.5F);
  ASSERT_TRUE(write_mask_logits(folder_ / "logits.safetensors", logits, kSide));
  const auto back = read(folder_ / "logits.safetensors");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, logits);
}

TEST_F(MaskInputTest, APngAndRunLengthsOfTheSameMaskGiveTheSameLogits) {
  const BinaryMask mask = left_half(kWidth, kHeight);
  const std::vector<float> expected = logits_from_mask(mask, kSide);
  const auto from_png = read(write(*png_from_mask(mask)));
  ASSERT_TRUE(from_png) << from_png.error().message;
  EXPECT_EQ(*from_png, expected);
  const std::string counts = rle_from_mask(mask).counts;
  const auto from_rle = read(write(R"({"size":[4,6],"counts":")" + counts + R"("})"));
  ASSERT_TRUE(from_rle) << from_rle.error().message;
  EXPECT_EQ(*from_rle, expected);
  const auto from_counts = read(write(R"({"size":[4,6],"counts":[0,12,12]})"));
  ASSERT_TRUE(from_counts) << from_counts.error().message;
  EXPECT_EQ(*from_counts, expected);
}

TEST_F(MaskInputTest, MasksOfAnotherSizeAreErrorsOfTheCaller) {
  EXPECT_EQ(read(write(*png_from_mask(left_half(5, 4)))).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read(write(R"({"size":[6,4],"counts":[24]})")).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(write_mask_logits(folder_ / "small", std::vector<float>(16), 4));
  EXPECT_EQ(read(folder_ / "small").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(MaskInputTest, DamagedFilesAreOneLineErrors) {
  const std::string deep(100'000, '[');
  for (const std::string& text :
       std::vector<std::string>{"", "x", "{", "{}", R"({"size":[4,6]})", R"({"size":[4,6],"counts":[25]})",
                                R"({"size":[4,6],"counts":[-1,25]})", R"({"size":[4,6],"counts":[99999999999]})",
                                R"({"size":[4,6],"counts":[1.5]})", R"({"size":[4,6],"counts":{}})",
                                R"({"size":[4,6],"counts":"\u0000~~~"})", R"({"size":[4,6],"counts":)" + deep,
                                "\x89PNG", "\x89PNG\r\n\x1a\n....................", R"({"size":"46","counts":[24]})"}) {
    const auto mask = read(write(text));
    ASSERT_FALSE(mask) << text.substr(0, 60);
    EXPECT_EQ(mask.error().message.find('\n'), std::string::npos);
    EXPECT_NE(mask.error().message.find("mask"), std::string::npos);
  }
  EXPECT_EQ(read(folder_ / "nowhere").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(read(folder_));
}

TEST_F(MaskInputTest, LogitsThatAreNotNumbersAreRefused) {
  std::vector<float> logits(kSide * kSide);
  logits[5] = std::numeric_limits<float>::quiet_NaN();
  ASSERT_TRUE(write_mask_logits(folder_ / "nan", logits, kSide));
  EXPECT_EQ(read(folder_ / "nan").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace samcache

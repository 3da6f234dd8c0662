#include "model/convert.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "model/fingerprint.h"
#include "tensors/cast.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

const fs::path kData = SAMCACHE_TEST_DATA;

class Convert : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("samcache-convert-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::copy(kData / "tiny_hf/config.json", folder_);
    fs::copy(kData / "tiny_hf/model.safetensors", folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Checkpoint open(std::optional<DType> dtype) const {
    return Checkpoint::open(folder_, {.converted_dtype = dtype}).value();
  }

  fs::path folder_;
};

TEST_F(Convert, TheCopyHoldsTheUsedTensorsRoundedAndReadyToMap) {
  std::uint64_t last = 0, total = 0;
  const auto path = convert_checkpoint(folder_, DType::kBF16, [&](std::uint64_t done, std::uint64_t all) {
    last = done;
    total = all;
    return true;
  });
  ASSERT_TRUE(path.ok()) << path.error().message;
  EXPECT_EQ(*path, folder_ / "model.bf16.safetensors");
  EXPECT_EQ(last, total);

  const Checkpoint original = open(std::nullopt);
  const Checkpoint copy = open(DType::kBF16);
  EXPECT_EQ(original.naming(), Naming::kHuggingFace);
  ASSERT_EQ(copy.naming(), Naming::kCanonical);
  const auto owner = copy.tensor("tracker.no_mem_embed").value().data.owner();
  int narrow = 0;
  for (const WeightSpec& spec : copy.table()) {
    if (!spec.used_by_image_model && !(spec.optional && original.tensor(spec.name).ok())) {
      EXPECT_FALSE(copy.tensor(spec.name).ok()) << spec.name;
      continue;
    }
    const Tensor tensor = copy.tensor(spec.name).value();
    EXPECT_EQ(tensor.data.owner(), owner) << spec.name;  // mapped, not assembled
    EXPECT_EQ(tensor.shape, spec.canonical_shape());
    EXPECT_EQ(tensor.dtype, stays_float32(spec) ? DType::kF32 : DType::kBF16) << spec.name;
    if (tensor.data.size() % 64 == 0) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data.data()) % 64, 0u) << spec.name;
    }
    if (tensor.dtype == DType::kBF16) ++narrow;
    const Tensor expected = cast_tensor(original.tensor(spec.name).value(), tensor.dtype).value();
    ASSERT_EQ(std::memcmp(expected.data.data(), tensor.data.data(), tensor.data.size()), 0) << spec.name;
  }
  EXPECT_GT(narrow, 40);
  const auto file = SafetensorsFile::open(*path, SafetensorsLimits::for_checkpoints());
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->verify_digest().ok());
}

TEST_F(Convert, TheCopyCarriesItsSourcesFingerprint) {
  const std::string fingerprint = model_fingerprint(open(std::nullopt)).value();
  for (const DType dtype : {DType::kBF16, DType::kF16, DType::kF32}) {
    ASSERT_TRUE(convert_checkpoint(folder_, dtype).ok());
    const Checkpoint copy = open(dtype);
    EXPECT_EQ(copy.naming(), Naming::kCanonical);
    EXPECT_EQ(copy.carried_fingerprint(), fingerprint);
    EXPECT_EQ(model_fingerprint(copy).value(), fingerprint);
  }
}

TEST_F(Convert, AStaleCopyIsIgnoredWithAWarning) {
  ASSERT_TRUE(convert_checkpoint(folder_, DType::kBF16).ok());
  EXPECT_TRUE(open(DType::kBF16).warnings().empty());
  for (const char* name : {"model.safetensors", "config.json"}) {
    const auto before = fs::last_write_time(folder_ / name);
    fs::last_write_time(folder_ / name, before + std::chrono::seconds(1));
    const Checkpoint checkpoint = open(DType::kBF16);
    EXPECT_EQ(checkpoint.naming(), Naming::kHuggingFace);
    ASSERT_EQ(checkpoint.warnings().size(), 1u);
    EXPECT_NE(checkpoint.warnings()[0].find("run `samcache model convert` again"), std::string::npos);
    fs::last_write_time(folder_ / name, before);
    EXPECT_EQ(open(DType::kBF16).naming(), Naming::kCanonical);
  }
}

TEST_F(Convert, ABrokenCopyIsIgnoredWithAWarning) {
  ASSERT_TRUE(convert_checkpoint(folder_, DType::kBF16).ok());
  fs::resize_file(folder_ / "model.bf16.safetensors", 100'000);
  EXPECT_EQ(open(DType::kBF16).naming(), Naming::kHuggingFace);
  EXPECT_EQ(open(DType::kBF16).warnings().size(), 1u);
  fs::copy_file(kData / "tiny_hf/model.safetensors", folder_ / "model.bf16.safetensors",
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(open(DType::kBF16).warnings().size(), 1u);
}

TEST_F(Convert, TheCopyStandsAloneWhenTheOriginalIsGone) {
  ASSERT_TRUE(convert_checkpoint(folder_, DType::kBF16).ok());
  fs::remove(folder_ / "model.safetensors");
  EXPECT_EQ(open(std::nullopt).naming(), Naming::kCanonical);
  fs::remove(folder_ / "config.json");
  const Checkpoint alone = open(std::nullopt);
  EXPECT_EQ(alone.naming(), Naming::kCanonical);
  EXPECT_EQ(alone.config().vit.hidden, 64);
  EXPECT_TRUE(Checkpoint::open(folder_ / "model.bf16.safetensors").ok());
  const auto again = convert_checkpoint(folder_, DType::kF16);
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find("original checkpoint"), std::string::npos);
}

TEST_F(Convert, CancellingLeavesNoFile) {
  const auto cancelled = convert_checkpoint(folder_, DType::kBF16, [](std::uint64_t, std::uint64_t) { return false; });
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

TEST(ConvertedSources, MalformedRecordsNeverMatch) {
  for (const char* sources : {"x", "1 2", "1 2 ../a", "1 2 /etc/passwd", "a b c\n", "1 2 missing"})
    EXPECT_FALSE(sources_unchanged(sources, kData, false)) << sources;
}

}  // namespace
}  // namespace samcache

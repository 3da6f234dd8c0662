#include "tensors/seed_layout.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <set>

#include "engine/test_tiny_engine.h"
#include "tensors/cast.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

// Of the tiny model.
constexpr int kGrid = 12;
constexpr int kWidth = 32;

const Tensor& named(const std::vector<Tensor>& tensors, const std::string& name) {
  for (const Tensor& tensor : tensors) {
    if (tensor.name == name) return tensor;
  }
  throw std::runtime_error("no tensor " + name);
}

std::set<std::string> names_of(const std::vector<Tensor>& tensors) {
  std::set<std::string> names;
  for (const Tensor& tensor : tensors) names.insert(tensor.name);
  return names;
}

std::set<std::string> expected_names(bool interactive) {
  const std::vector<std::string> names = seed_layout_names(interactive);
  return {names.begin(), names.end()};
}

// The official formula at one cell: the row's half of the channels first, counting from 1.
float position_code(int channel, int y, int x, int side) {
  constexpr int kHalf = kWidth / 2;
  const double coordinate = (channel < kHalf ? y + 1 : x + 1) / (side + 1e-6) * 2 * std::numbers::pi;
  const int feature = channel % kHalf;
  const double angle = coordinate / std::pow(10000.0, 2.0 * (feature / 2) / kHalf);
  return static_cast<float>(feature % 2 == 0 ? std::sin(angle) : std::cos(angle));
}

std::vector<float> floats_of(const Tensor& tensor) {
  const Tensor wide = cast_tensor(tensor, DType::kF32).value();
  std::vector<float> values(wide.data.size() / sizeof(float));
  std::memcpy(values.data(), wide.data.data(), wide.data.size());
  return values;
}

class SeedLayoutOf : public ::testing::TestWithParam<Precision> {
 protected:
  Encoding encoding(Profile profile) const {
    const Profile profiles[] = {profile};
    return engine_->encode(test_picture(150, 113), identity(), profiles).value().front();
  }

  std::unique_ptr<Engine> engine_ = load_tiny(GetParam());
  Encoding trunk_ = encoding(Profile::kTrunk);
};

TEST_P(SeedLayoutOf, HasTheNamesAndShapesThatPythonLooksUp) {
  const auto all = engine_->seed_layout(trunk_);
  ASSERT_TRUE(all.ok()) << all.error().message;
  EXPECT_EQ(all->size(), 16u);
  EXPECT_EQ(names_of(*all), expected_names(true));
  const std::int64_t sides[] = {4 * kGrid, 2 * kGrid, kGrid, kGrid / 2};
  const std::int64_t interactive_channels[] = {kWidth / 8, kWidth / 4, kWidth, kWidth};
  for (int level = 0; level < 4; ++level) {
    const std::int64_t side = sides[level];
    const std::string number = std::to_string(level);
    const std::vector<std::int64_t> shape = {1, kWidth, side, side};
    for (const char* name : {"backbone_fpn_", "vision_pos_enc_", "sam2_vision_pos_enc_"}) {
      EXPECT_EQ(named(*all, name + number).shape, shape) << name << level;
    }
    EXPECT_EQ(named(*all, "sam2_backbone_fpn_" + number).shape,
              (std::vector<std::int64_t>{1, interactive_channels[level], side, side}));
  }
  for (const Tensor& tensor : *all) EXPECT_EQ(tensor.dtype, DType::kBF16) << tensor.name;

  const auto detector = engine_->seed_layout(trunk_, {.interactive = false});
  ASSERT_TRUE(detector.ok());
  EXPECT_EQ(detector->size(), 8u);
  EXPECT_EQ(names_of(*detector), expected_names(false));
}

TEST_P(SeedLayoutOf, SharesItsLevelsBitForBitWithTheProfiles) {
  const auto tensors = engine_->seed_layout(trunk_);
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  const Encoding detector = engine_->derive(trunk_, Profile::kDetector).value();
  for (const Tensor& tensor : detector.tensors) {
    EXPECT_EQ(text_of(named(*tensors, tensor.name).data), text_of(tensor.data)) << tensor.name;
  }
  const Encoding interactive = engine_->derive(trunk_, Profile::kInteractive).value();
  for (const std::string level : {"0", "1"}) {
    EXPECT_EQ(text_of(named(*tensors, "sam2_backbone_fpn_" + level).data),
              text_of(interactive.find("image_embeddings." + level)->data));
  }
  // The third is without the no-memory embedding: it differs by the same in every cell of a channel.
  const std::vector<float> without = floats_of(named(*tensors, "sam2_backbone_fpn_2"));
  const std::vector<float> with = floats_of(*interactive.find("image_embeddings.2"));
  bool any = false;
  for (std::size_t i = 0; i < without.size(); ++i) {
    const std::size_t first = i - i % (kGrid * kGrid);
    EXPECT_NEAR(with[i] - without[i], with[first] - without[first], 0.06) << i;
    any = any || with[i] != without[i];
  }
  EXPECT_TRUE(any);
}

TEST_P(SeedLayoutOf, PositionCodesFollowTheOfficialFormula) {
  const auto tensors = engine_->seed_layout(trunk_);
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  for (int level = 0; level < 4; ++level) {
    const std::string name = "vision_pos_enc_" + std::to_string(level);
    const int side = 4 * kGrid >> level;
    const std::vector<float> codes = floats_of(named(*tensors, name));
    for (const auto& [y, x] : {std::pair{0, 0}, {0, side - 1}, {side - 1, 0}, {side / 2, 1}, {3, side / 3}}) {
      for (int channel = 0; channel < kWidth; ++channel) {
        const auto index = (static_cast<std::size_t>(channel) * side + y) * side + x;
        EXPECT_NEAR(codes[index], position_code(channel, y, x, side), 0.004) << name << " " << channel << " " << y;
      }
    }
    EXPECT_EQ(text_of(named(*tensors, "sam2_" + name).data), text_of(named(*tensors, name).data));
  }
}

TEST_P(SeedLayoutOf, FilesHoldWhatWasMade) {
  const fs::path folder = fs::temp_directory_path() / ("samcache_seed_layout_" + std::to_string(getpid()));
  const auto tensors = engine_->seed_layout(trunk_);
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  ASSERT_TRUE(write_seed_layout(folder / "image.safetensors", *tensors, trunk_.metadata).ok());
  const auto file = SafetensorsFile::open(folder / "image.safetensors", SafetensorsLimits::for_encodings());
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(names_of(file->tensors()), expected_names(true));
  for (const Tensor& tensor : *tensors) EXPECT_EQ(text_of(file->find(tensor.name)->data), text_of(tensor.data));
  std::ifstream json(folder / "image.meta.json");
  std::string text;
  std::getline(json, text);
  EXPECT_EQ(text, R"({"original_height":113,"original_width":150,"created_at":")" + trunk_.metadata.created_at + "\"}");
  fs::remove_all(folder);
}

TEST_P(SeedLayoutOf, OnlyATrunkEncodingOfThisModelWillDo) {
  for (const Profile profile : {Profile::kInteractive, Profile::kDetector}) {
    const auto refused = engine_->seed_layout(encoding(profile));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(refused.error().message.find("of profile " + std::string(profile_name(profile))), std::string::npos);
    EXPECT_NE(refused.error().message.find("only a trunk encoding"), std::string::npos);
  }
  Encoding other = trunk_;
  other.metadata.model_fingerprint = std::string(32, '0');
  EXPECT_NE(engine_->seed_layout(other).error().message.find("another model"), std::string::npos);
  other = trunk_;
  other.tensors.clear();
  EXPECT_NE(engine_->seed_layout(other).error().message.find("no tensor trunk"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Precisions, SeedLayoutOf, ::testing::Values(Precision::kFp32, Precision::kBf16),
                         [](const auto& test) { return precision_name(test.param); });

// A checkpoint without the level that the official code drops works for everything else.
TEST(SeedLayout, AModelWithoutTheFourthLevelSaysSo) {
  const fs::path folder = fs::temp_directory_path() / ("samcache_three_levels_" + std::to_string(getpid()));
  const fs::path complete = fs::path(SAMCACHE_TEST_DATA) / "tiny_hf";
  fs::create_directories(folder);
  fs::copy_file(complete / "config.json", folder / "config.json");
  const auto file = SafetensorsFile::open(complete / "model.safetensors", SafetensorsLimits::for_checkpoints());
  ASSERT_TRUE(file.ok());
  std::vector<Tensor> kept;
  for (const Tensor& tensor : file->tensors()) {
    if (tensor.name.find("neck.fpn_layers.3.proj") == std::string::npos) kept.push_back(tensor);
  }
  ASSERT_EQ(kept.size() + 8, file->tensors().size());
  ASSERT_TRUE(write_safetensors(folder / "model.safetensors", kept, {}).ok());

  EngineOptions options;
  options.model = folder.string();
  options.precision = Precision::kFp32;
  const auto engine = Engine::load(options);
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  EXPECT_EQ((*engine)->info().fingerprint, load_tiny(Precision::kFp32)->info().fingerprint);
  const Profile profiles[] = {Profile::kTrunk};
  const auto trunk = (*engine)->encode(test_picture(40, 30), identity(), profiles);
  ASSERT_TRUE(trunk.ok());
  EXPECT_TRUE((*engine)->derive(trunk->front(), Profile::kDetector).ok());
  const auto refused = (*engine)->seed_layout(trunk->front());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("fourth level"), std::string::npos);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace samcache

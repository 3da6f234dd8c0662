#include "train_demo/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/engine.h"
#include "model/checkpoint.h"
#include "model/tokenizer/tokenizer.h"
#include "scenes/concept.h"
#include "train_demo/concept_questions.h"
#include "train_demo/demo_config.h"
#include "train_demo/demo_tokenizer.h"
#include "train_demo/training_weights.h"

namespace samcache::train {
namespace {

class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "samcache-train-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The trunk alone, then all on small pictures, then on larger ones; no time to fall, so that runs of different
  // lengths go the same way.
  TrainerOptions options(const char* name, std::int64_t steps) const {
    TrainerOptions options;
    options.out = folder_ / name;
    options.steps = steps;
    options.recognition_steps = 1;
    options.small_steps = 2;
    options.small_image_size = 64;
    options.image_size = 128;
    options.pictures = 1;
    options.cooldown = 0.01;
    options.report_steps = 1000;
    return options;
  }

  std::filesystem::path folder_;
};

std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(TrainerTest, ARunThatWasStoppedGoesOnAsIfItHadNotBeen) {
  ASSERT_TRUE(train(options("whole", 3)));
  ASSERT_TRUE(train(options("parts", 1)));
  ASSERT_TRUE(train(options("parts", 3)));
  const std::string whole = bytes_of_file(folder_ / "whole/model.safetensors");
  EXPECT_GT(whole.size(), 1000U);
  EXPECT_TRUE(whole == bytes_of_file(folder_ / "parts/model.safetensors"));
}

TEST_F(TrainerTest, WhatItWritesIsAModelThatTheEngineRuns) {
  ASSERT_TRUE(train(options("model", 1)));
  EngineOptions engine_options;
  engine_options.model = (folder_ / "model").string();
  const Result<std::unique_ptr<Engine>> engine = Engine::load(engine_options);
  ASSERT_TRUE(engine) << engine.error().message;
  EXPECT_TRUE((*engine)->check_concept({.text = "red star"}, {}));
  EXPECT_EQ((*engine)->info().config.vit.image_size, 128);
}

TEST_F(TrainerTest, ANewRunMayStartWithAModelOfTheSameSizes) {
  ASSERT_TRUE(train(options("first", 1)));
  TrainerOptions next = options("next", 1);
  next.from = folder_ / "first";
  next.learning_rate = 0;  // so that what is written is what was taken
  ASSERT_TRUE(train(next));
  EXPECT_TRUE(bytes_of_file(folder_ / "first/model.safetensors") == bytes_of_file(folder_ / "next/model.safetensors"));
  next.out = folder_ / "other";
  next.from = std::string(SAMCACHE_TEST_DATA) + "/tiny_hf";
  const Status refused = train(next);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("tiny_hf"), std::string::npos) << refused.error().message;
}

TEST_F(TrainerTest, ClicksAndBoxesMayBeTaughtAloneAndPartsBegunAnew) {
  ASSERT_TRUE(train(options("first", 1)));
  TrainerOptions next = options("next", 1);
  next.from = folder_ / "first";
  next.seed = 2;
  next.interactive_only = true;
  next.renew = "iou_token";
  ASSERT_TRUE(train(next));
  const Checkpoint before = Checkpoint::open(folder_ / "first").value();
  const Checkpoint after = Checkpoint::open(folder_ / "next").value();
  const auto is_same = [&](const std::string& name) {
    return std::ranges::equal(before.tensor(name).value().data.span(), after.tensor(name).value().data.span());
  };
  EXPECT_TRUE(is_same("detector.backbone.vision_backbone.trunk.blocks.0.attn.qkv.weight"));
  EXPECT_TRUE(is_same("detector.transformer.decoder.query_embed.weight"));
  EXPECT_FALSE(is_same("tracker.sam_mask_decoder.transformer.layers.0.mlp.lin1.weight"));
  EXPECT_FALSE(is_same("tracker.sam_mask_decoder.iou_token.weight"));
}

TEST_F(TrainerTest, AStateThatIsCutShortIsRefusedByName) {
  ASSERT_TRUE(train(options("model", 1)));
  const std::filesystem::path state = folder_ / "model/training-state.pt";
  std::filesystem::resize_file(state, std::filesystem::file_size(state) / 2);
  const Status again = train(options("model", 2));
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("training-state.pt"), std::string::npos) << again.error().message;
}

TEST_F(TrainerTest, EveryWordOfTheScenesIsOneToken) {
  std::vector<std::string> words = scenes::all_words();
  words.emplace_back(kVisualText);
  const Result<int> size = write_tokenizer(words, folder_);
  ASSERT_TRUE(size) << size.error().message;
  const Result<Tokenizer> tokenizer = Tokenizer::load(folder_);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->vocabulary_size(), *size);
  for (const std::string& word : words) {
    EXPECT_EQ(tokenizer->encode(word, 16)->length, 3) << word;  // start, the word, end
  }
  EXPECT_GT(tokenizer->encode("zeppelin", 16)->length, 3);
}

TEST(InitialWeights, AreTheSameForTheSameSeed) {
  const Sam3Config config = demo_config(600, 128);
  ASSERT_TRUE(config.validate());
  const NamedTensors first = initial_weights(config, 1, at::kCPU);
  const NamedTensors again = initial_weights(config, 1, at::kCPU);
  const NamedTensors other = initial_weights(config, 2, at::kCPU);
  const std::string name = "detector.backbone.vision_backbone.trunk.blocks.0.attn.qkv.weight";
  EXPECT_TRUE(at::equal(first.at(name), again.at(name)));
  EXPECT_FALSE(at::equal(first.at(name), other.at(name)));
  for (const auto& [tensor, value] : first) EXPECT_TRUE(at::isfinite(value).all().item<bool>()) << tensor;
}

}  // namespace
}  // namespace samcache::train

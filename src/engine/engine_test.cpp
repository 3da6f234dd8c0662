#include "engine/engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "base/hashing.h"
#include "engine/test_tiny_engine.h"

namespace samcache {
namespace {

constexpr Profile kTrunkAndInteractive[] = {Profile::kTrunk, Profile::kInteractive};

InteractivePrompt click(float x, float y) {
  InteractivePrompt prompt;
  prompt.points.push_back({x, y, true});
  return prompt;
}

std::string digest_of(const InteractiveAnswer& answer) {
  Xxh3Hasher hasher;
  for (const InteractiveMask& mask : answer.masks) {
    hasher.update(bytes_of(mask.mask.pixels));
    hasher.update(bytes_of(mask.low_res));
    hasher.update(std::as_bytes(std::span(&mask.predicted_iou, 1)));
  }
  return hasher.hex();
}

std::string digest_of(const Encoding& encoding) {
  Xxh3Hasher hasher;
  for (const Tensor& tensor : encoding.tensors) hasher.update(tensor.data);
  return hasher.hex();
}

std::string ask(const Engine& engine, const Encoding& encoding, const InteractivePrompt& prompt) {
  const auto prepared = engine.prepare(encoding);
  EXPECT_TRUE(prepared.ok());
  const auto answer = engine.segment(**prepared, prompt, {.multimask = true});
  EXPECT_TRUE(answer.ok());
  return digest_of(*answer);
}

class EngineTest : public ::testing::TestWithParam<Precision> {
 protected:
  std::unique_ptr<Engine> engine_ = load_tiny(GetParam());
  RgbImage picture_ = test_picture(150, 113);
};

TEST_P(EngineTest, TrunkFileInteractiveFileAndPictureAnswerTheSameBytes) {
  const auto encodings = engine_->encode(picture_, identity(), kTrunkAndInteractive);
  ASSERT_TRUE(encodings.ok()) << encodings.error().message;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("samcache_engine_test_" + std::to_string(getpid()));
  std::vector<std::string> answers;
  for (const Encoding& encoding : *encodings) {
    const auto file = folder / (std::string(profile_name(encoding.metadata.profile)) + ".safetensors");
    ASSERT_TRUE(write_encoding(file, encoding).ok());
    const Result<Encoding> back = read_encoding(file);
    ASSERT_TRUE(back.ok()) << back.error().message;
    answers.push_back(ask(*engine_, *back, click(60, 50)));
    answers.push_back(ask(*engine_, encoding, click(60, 50)));  // never written: straight from the picture
  }
  for (const std::string& answer : answers) EXPECT_EQ(answer, answers[0]);
  const Result<Encoding> derived = engine_->derive((*encodings)[0], Profile::kInteractive);
  ASSERT_TRUE(derived.ok());
  EXPECT_EQ(digest_of(*derived), digest_of((*encodings)[1]));
  std::filesystem::remove_all(folder);
}

TEST_P(EngineTest, PromptSequencesRepeatBitForBitAlsoFromEightThreads) {
  const auto encodings = engine_->encode(picture_, identity(), kTrunkAndInteractive);
  ASSERT_TRUE(encodings.ok());
  const auto prepared = engine_->prepare((*encodings)[1]);
  ASSERT_TRUE(prepared.ok());
  const auto run_sequence = [&] {
    std::string digests;
    InteractivePrompt prompt = click(50, 60);
    for (int step = 0; step < 3; ++step) {
      const auto answer = engine_->segment(**prepared, prompt, {});
      if (!answer) return answer.error().message;
      digests += digest_of(*answer) + " ";
      prompt.points.push_back({20.0f + 30.0f * static_cast<float>(step), 100, step == 1});
      prompt.mask_input = answer->masks[0].low_res;
    }
    return digests;
  };
  const std::string before = digest_of((*encodings)[1]);
  const std::string first = run_sequence();
  EXPECT_EQ(run_sequence(), first);
  std::vector<std::string> results(8);
  std::vector<std::thread> threads;
  for (std::string& result : results) threads.emplace_back([&result, &run_sequence] { result = run_sequence(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, first);
  EXPECT_EQ(digest_of((*encodings)[1]), before) << "a prompt changed the encoding";
}

TEST_P(EngineTest, EncodingsStateWhatTheyAre) {
  const auto encodings = engine_->encode(picture_, identity(), kTrunkAndInteractive);
  ASSERT_TRUE(encodings.ok());
  const EncodingMetadata& metadata = (*encodings)[1].metadata;
  EXPECT_EQ(metadata.profile, Profile::kInteractive);
  EXPECT_EQ(metadata.original_width, 150);
  EXPECT_EQ(metadata.original_height, 113);
  EXPECT_EQ(metadata.image_sha256, identity().sha256);
  EXPECT_EQ(metadata.model_fingerprint, engine_->info().fingerprint);
  EXPECT_EQ((*encodings)[0].tensors[0].dtype, DType::kBF16);
  EXPECT_EQ((*encodings)[0].tensors[0].shape, (std::vector<std::int64_t>{1, 64, 12, 12}));
}

TEST_P(EngineTest, ABatchAnswersLikeItsPromptsOneByOne) {
  const auto encodings = engine_->encode(picture_, identity(), kTrunkAndInteractive);
  const auto prepared = engine_->prepare((*encodings)[1]);
  ASSERT_TRUE(prepared.ok());
  const std::vector<InteractivePrompt> prompts = {click(30, 40), click(100, 90), click(75, 10)};
  const auto together = engine_->segment_batch(**prepared, prompts, {});
  ASSERT_TRUE(together.ok());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto alone = engine_->segment(**prepared, prompts[i], {});
    ASSERT_TRUE(alone.ok());
    EXPECT_NEAR((*together)[i].masks[0].predicted_iou, alone->masks[0].predicted_iou, 1e-4);
    EXPECT_NEAR((*together)[i].object_score, alone->object_score, 1e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, EngineTest, ::testing::Values(Precision::kFp32, Precision::kBf16),
                         [](const auto& test) { return precision_name(test.param); });

class EngineErrors : public ::testing::Test {
 protected:
  std::string refusal(const InteractivePrompt& prompt) {
    const auto answer = engine_->segment(*prepared_, prompt, {});
    return answer.ok() ? "accepted" : answer.error().message;
  }
  std::unique_ptr<Engine> engine_ = load_tiny(Precision::kFp32);
  std::vector<Encoding> encodings_ = *engine_->encode(test_picture(150, 113), identity(), kTrunkAndInteractive);
  std::shared_ptr<const PreparedImage> prepared_ = *engine_->prepare(encodings_[1]);
};

TEST_F(EngineErrors, PromptsThatCannotBeAreRefusedWithTheirValues) {
  EXPECT_NE(refusal(click(151, 20)).find("(151, 20) is outside the picture of 150x113"), std::string::npos);
  EXPECT_NE(refusal(click(-1, 20)).find("outside"), std::string::npos);
  EXPECT_NE(refusal(click(NAN, 20)).find("outside"), std::string::npos);
  EXPECT_NE(refusal({}).find("an empty prompt"), std::string::npos);
  InteractivePrompt box;
  box.box = {50, 50, 40, 60};
  EXPECT_NE(refusal(box).find("is empty"), std::string::npos);
  box.box = {50, 50, 400, 60};
  EXPECT_NE(refusal(box).find("reaches outside"), std::string::npos);
  InteractivePrompt mask = click(5, 5);
  mask.mask_input.assign(100, 0.0f);
  EXPECT_NE(refusal(mask).find("the mask input has 100 values; the model's is 48x48"), std::string::npos);
  mask.mask_input.assign(48 * 48, INFINITY);
  EXPECT_NE(refusal(mask).find("not numbers"), std::string::npos);
  EXPECT_EQ(refusal(click(150, 113)), "accepted");
}

TEST_F(EngineErrors, EncodingsOfAnotherModelOrPreprocessingAreRefused) {
  Encoding other = encodings_[0];
  other.metadata.model_fingerprint = std::string(32, '0');
  EXPECT_NE(engine_->prepare(other).error().message.find("another model"), std::string::npos);
  other = encodings_[0];
  other.metadata.preprocess = "something-else";
  EXPECT_NE(engine_->prepare(other).error().message.find("preprocessing"), std::string::npos);
  other = encodings_[0];
  other.tensors[0].shape = {1, 12, 64, 12};
  EXPECT_NE(engine_->prepare(other).error().message.find("has shape [1, 12, 64, 12]"), std::string::npos);
  other.tensors.clear();
  EXPECT_NE(engine_->prepare(other).error().message.find("no tensor trunk"), std::string::npos);
}

TEST_F(EngineErrors, OnlyATrunkBecomesAnotherProfile) {
  const Result<Encoding> detector = engine_->derive(encodings_[1], Profile::kDetector);
  ASSERT_FALSE(detector.ok());
  EXPECT_NE(detector.error().message.find("only a trunk encoding can"), std::string::npos);
}

TEST_F(EngineErrors, AHookCanCancelBetweenBlocks) {
  int calls = 0;
  const auto result = engine_->encode(test_picture(20, 20), {}, kTrunkAndInteractive, [&](int done, int total) {
    EXPECT_EQ(total, 4);
    ++calls;
    return done < 2;
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(calls, 4) << "before the device is used, and before three blocks";
}

TEST_F(EngineErrors, AHookCanCancelAfterTheTrunk) {
  std::vector<int> seen;
  const auto go_on = [&](int done, int) {
    seen.push_back(done);
    return seen.size() < 7;
  };
  const auto result = engine_->encode(test_picture(20, 20), {}, kTrunkAndInteractive, go_on);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(seen, (std::vector<int>{0, 0, 1, 2, 3, 4, 4})) << "the trunk's profile was made, the next was not";
}

TEST(EngineOptionsTest, UnavailableChoicesAreErrors) {
  EXPECT_FALSE(parse_device("gpu").ok());
  EXPECT_FALSE(parse_device("cuda:").ok());
  EXPECT_FALSE(parse_device("cuda:-1").ok());
  EXPECT_FALSE(parse_device("cuda:1x").ok());
  EXPECT_EQ(parse_device("cuda:3")->index, 3);
  EXPECT_FALSE(parse_precision("int8").ok());
  EngineOptions options;
  options.model = std::string(SAMCACHE_TEST_DATA) + "/tiny_hf";
  options.precision = Precision::kFp16;
  EXPECT_NE(Engine::load(options).error().message.find("fp16 needs a CUDA device"), std::string::npos);
  options.precision.reset();
  options.device = {Device::Kind::kCuda, 99};
  EXPECT_NE(Engine::load(options).error().message.find("no device cuda:99"), std::string::npos);
}

}  // namespace
}  // namespace samcache

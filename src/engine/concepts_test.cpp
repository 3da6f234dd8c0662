#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "base/hashing.h"
#include "engine/test_tiny_engine.h"
#include "model/convert.h"

namespace samcache {
namespace {

constexpr Profile kTrunkAndDetector[] = {Profile::kTrunk, Profile::kDetector};

ConceptPrompt named(const std::string& text) { return {.text = text}; }
ConceptPrompt shown(std::array<float, 4> box, bool positive = true) { return {.boxes = {{box, positive}}}; }

std::string digest_of(const ConceptAnswer& answer) {
  Xxh3Hasher hasher;
  for (const Detection& detection : answer.detections) {
    hasher.update(std::as_bytes(std::span(&detection.score, 1)));
    hasher.update(std::as_bytes(std::span(detection.box)));
    hasher.update(bytes_of(detection.low_res));
  }
  return std::to_string(answer.detections.size()) + " " + hasher.hex();
}

// Every query of the tiny model passes: its random weights say nothing about where scores lie.
ConceptOptions everything() {
  ConceptOptions options;
  options.threshold = -1;
  return options;
}

std::string ask(const Engine& engine, const ConceptImage& image, const ConceptPrompt& prompt,
                const ConceptOptions& options = everything()) {
  const auto answer = engine.segment(image, prompt, options);
  return answer.ok() ? digest_of(*answer) : answer.error().message;
}

class ConceptsTest : public ::testing::TestWithParam<Precision> {
 protected:
  std::unique_ptr<Engine> engine_ = load_tiny(GetParam());
  std::vector<Encoding> encodings_ = *engine_->encode(test_picture(150, 113), identity(), kTrunkAndDetector);
  std::shared_ptr<const ConceptImage> image_ = *engine_->prepare_concepts(encodings_[1]);
};

TEST_P(ConceptsTest, TrunkFileDetectorFileAndPictureAnswerTheSameBytes) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("samcache_concepts_test_" + std::to_string(getpid()));
  ConceptPrompt prompt = named("a red disc");
  prompt.boxes.push_back({{20, 20, 80, 90}, true});
  const std::string straight = ask(*engine_, *image_, prompt);
  EXPECT_TRUE(straight.starts_with("12 ")) << straight;
  for (const Encoding& encoding : encodings_) {
    const auto file = folder / (std::string(profile_name(encoding.metadata.profile)) + ".safetensors");
    ASSERT_TRUE(write_encoding(file, encoding).ok());
    const Result<Encoding> back = read_encoding(file);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(ask(*engine_, **engine_->prepare_concepts(*back), prompt), straight);
  }
  std::filesystem::remove_all(folder);
}

TEST_P(ConceptsTest, ARememberedTextAnswersLikeANewOne) {
  const std::string first = ask(*engine_, *image_, named("yellow school bus"));
  EXPECT_NE(ask(*engine_, *image_, named("cat")), first);
  EXPECT_EQ(ask(*engine_, *image_, named("yellow school bus")), first);
  EXPECT_EQ(ask(*engine_, *image_, named("  Yellow  SCHOOL bus ")), first);  // the same tokens
  EngineOptions options;
  options.model = std::string(SAMCACHE_TEST_DATA) + "/tiny_hf";
  options.precision = GetParam();
  options.text_cache_bytes = 0;
  const std::unique_ptr<Engine> forgetful = *Engine::load(options);
  for (int time = 0; time < 2; ++time) EXPECT_EQ(ask(*forgetful, *image_, named("yellow school bus")), first);
}

TEST_P(ConceptsTest, AMaskIsTheSameHoweverManyOthersAreMade) {
  const auto all = engine_->segment(*image_, named("cat"), everything());
  ASSERT_TRUE(all.ok());
  std::vector<float> scores;
  for (const Detection& detection : all->detections) scores.push_back(detection.score);
  std::sort(scores.begin(), scores.end());
  for (const std::size_t dropped : {std::size_t{3}, scores.size() - 1}) {
    ConceptOptions some = everything();
    some.threshold = scores[dropped - 1];
    const auto kept = engine_->segment(*image_, named("cat"), some);
    ASSERT_TRUE(kept.ok());
    ASSERT_EQ(kept->detections.size(), scores.size() - dropped);
    std::size_t i = 0;
    for (const Detection& detection : all->detections) {
      if (!(detection.score > some.threshold)) continue;
      EXPECT_EQ(kept->detections[i].score, detection.score);
      EXPECT_EQ(kept->detections[i].box, detection.box);
      EXPECT_EQ(kept->detections[i].low_res, detection.low_res);
      ++i;
    }
  }
}

TEST_P(ConceptsTest, AtMostTheBestAreAnsweredInQueryOrder) {
  const auto all = engine_->segment(*image_, named("cat"), everything());
  ConceptOptions options = everything();
  options.max_detections = 5;
  const auto best = engine_->segment(*image_, named("cat"), options);
  ASSERT_TRUE(best.ok());
  ASSERT_EQ(best->detections.size(), 5u);
  std::vector<float> scores;
  for (const Detection& detection : all->detections) scores.push_back(detection.score);
  std::sort(scores.rbegin(), scores.rend());
  auto query = all->detections.begin();
  for (const Detection& detection : best->detections) {
    EXPECT_GE(detection.score, scores[4]);
    query = std::find_if(query, all->detections.end(), [&](const Detection& d) { return d.box == detection.box; });
    EXPECT_NE(query, all->detections.end());
  }
}

TEST_P(ConceptsTest, WithoutMasksTheRestIsTheSame) {
  ConceptOptions options = everything();
  options.masks = false;
  const auto without = engine_->segment(*image_, named("cat"), options);
  const auto with = engine_->segment(*image_, named("cat"), everything());
  ASSERT_TRUE(without.ok() && with.ok());
  ASSERT_EQ(without->detections.size(), with->detections.size());
  for (std::size_t i = 0; i < with->detections.size(); ++i) {
    EXPECT_EQ(without->detections[i].score, with->detections[i].score);
    EXPECT_EQ(without->detections[i].box, with->detections[i].box);
    EXPECT_TRUE(without->detections[i].low_res.empty());
  }
  EXPECT_THROW((void)without->mask(0), std::logic_error);
}

// What was computed once for the picture must not change under the prompts.
TEST_P(ConceptsTest, PromptSequencesRepeatBitForBitAlsoFromEightThreads) {
  const auto run_sequence = [&] {
    std::string digests = ask(*engine_, *image_, named("cat")) + ask(*engine_, *image_, shown({20, 20, 80, 90}));
    ConceptPrompt both = named("cat");
    both.boxes = {{{20, 20, 80, 90}, true}, {{100, 10, 140, 60}, false}};
    return digests + ask(*engine_, *image_, both);
  };
  const std::string first = run_sequence();
  EXPECT_EQ(run_sequence(), first);
  std::vector<std::string> results(8);
  std::vector<std::thread> threads;
  for (std::string& result : results) threads.emplace_back([&result, &run_sequence] { result = run_sequence(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_EQ(result, first);
  EXPECT_EQ(ask(*engine_, **engine_->prepare_concepts(encodings_[1]), named("cat")),
            ask(*engine_, *image_, named("cat")));
}

TEST_P(ConceptsTest, AConvertedCopyAnswersLikeItsOriginal) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("samcache_concepts_convert_" + std::to_string(getpid()));
  std::filesystem::copy(std::filesystem::path(SAMCACHE_TEST_DATA) / "tiny_hf", folder,
                        std::filesystem::copy_options::recursive);
  const DType dtype = GetParam() == Precision::kBf16 ? DType::kBF16 : DType::kF32;
  ASSERT_TRUE(convert_checkpoint(folder, dtype).ok());
  std::filesystem::remove(folder / "model.safetensors");  // so that nothing but the copy can be read
  EngineOptions options;
  options.model = folder.string();
  options.precision = GetParam();
  const auto copy = Engine::load(options);
  ASSERT_TRUE(copy.ok()) << copy.error().message;
  const auto encodings = (*copy)->encode(test_picture(150, 113), identity(), kTrunkAndDetector);
  ASSERT_TRUE(encodings.ok());
  ConceptPrompt prompt = named("a red disc");
  prompt.boxes.push_back({{20, 20, 80, 90}, true});
  EXPECT_EQ(ask(**copy, **(*copy)->prepare_concepts((*encodings)[0]), prompt), ask(*engine_, *image_, prompt));
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Precisions, ConceptsTest, ::testing::Values(Precision::kFp32, Precision::kBf16),
                         [](const auto& test) { return precision_name(test.param); });

class ConceptErrors : public ::testing::Test {
 protected:
  std::string refusal(const ConceptPrompt& prompt, const ConceptOptions& options = {}) {
    const auto answer = engine_->segment(*image_, prompt, options);
    return answer.ok() ? "accepted" : answer.error().message;
  }
  std::unique_ptr<Engine> engine_ = load_tiny(Precision::kFp32);
  std::shared_ptr<const ConceptImage> image_ =
      *engine_->prepare_concepts((*engine_->encode(test_picture(150, 113), identity(), kTrunkAndDetector))[0]);
};

TEST_F(ConceptErrors, PromptsThatAskForNothing) {
  const std::string nothing = "nothing to look for: give a text, or an exemplar that is not negative";
  EXPECT_EQ(refusal({}), nothing);
  EXPECT_EQ(refusal(named(" \t\n ")), nothing);
  EXPECT_EQ(refusal(named("&nbsp;")), nothing);
  EXPECT_EQ(refusal(shown({10, 10, 50, 50}, false)), nothing);
  EXPECT_EQ(refusal(shown({10, 10, 50, 50})), "accepted");
  ConceptPrompt not_that = named("cat");
  not_that.boxes.push_back({{10, 10, 50, 50}, false});
  EXPECT_EQ(refusal(not_that), "accepted");
}

TEST_F(ConceptErrors, ExemplarsThatCannotBeAreRefusedWithTheirValues) {
  EXPECT_NE(refusal(shown({10, 10, 151, 50})).find("(10, 10) to (151, 50) reaches outside the picture of 150x113"),
            std::string::npos);
  EXPECT_NE(refusal(shown({-1, 10, 20, 50})).find("reaches outside"), std::string::npos);
  EXPECT_NE(refusal(shown({200, 200, 220, 250})).find("reaches outside"), std::string::npos);
  EXPECT_NE(refusal(shown({10, 10, 10, 50})).find("is empty"), std::string::npos);  // zero area
  EXPECT_NE(refusal(shown({50, 50, 10, 10})).find("is empty"), std::string::npos);  // swapped corners
  EXPECT_NE(refusal(shown({NAN, 10, 20, 50})).find("outside"), std::string::npos);
  EXPECT_NE(refusal(shown({10, 10, INFINITY, 50})).find("outside"), std::string::npos);
  EXPECT_EQ(refusal(shown({0, 0, 150, 113})), "accepted");
  EXPECT_EQ(refusal(shown({10, 10, 10.001F, 10.001F})), "accepted");
}

TEST_F(ConceptErrors, TooMuchOfAnything) {
  ConceptPrompt boxes;
  boxes.boxes.assign(10'000, {{10, 10, 50, 50}, true});
  EXPECT_EQ(refusal(boxes), "the prompt has 10000 exemplars; at most 256 are taken");
  boxes.boxes.resize(kMaxExemplars);
  EXPECT_EQ(refusal(boxes), "accepted");
  EXPECT_NE(refusal(named(std::string(1 << 20, 'x'))).find("the text has 1048576 bytes; at most 4096 are taken"),
            std::string::npos);
  EXPECT_EQ(refusal(named(std::string(kMaxTextBytes, 'x'))), "accepted");  // cut off at the model's context
}

TEST_F(ConceptErrors, TextAndOptionsThatAreNone) {
  EXPECT_NE(refusal(named("caf\xe9")).find("UTF-8"), std::string::npos);
  ConceptOptions options;
  options.threshold = NAN;
  EXPECT_NE(refusal(named("cat"), options).find("the threshold is not a number"), std::string::npos);
  options = {};
  options.max_detections = -1;
  EXPECT_NE(refusal(named("cat"), options), "accepted");
}

TEST_F(ConceptErrors, AHighThresholdAnswersNothingWithoutError) {
  ConceptOptions options;
  options.threshold = 1;
  const auto answer = engine_->segment(*image_, named("cat"), options);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->detections.empty());
}

TEST_F(ConceptErrors, InteractiveEncodingsHaveNothingForConcepts) {
  const std::vector<Profile> profile = {Profile::kInteractive};
  const auto encodings = engine_->encode(test_picture(20, 20), {}, profile);
  const auto prepared = engine_->prepare_concepts((*encodings)[0]);
  ASSERT_FALSE(prepared.ok());
  EXPECT_NE(prepared.error().message.find("only a trunk encoding can"), std::string::npos);
}

TEST(ConceptTokenizer, AModelWithoutOneStillEncodesAndSaysWhatIsMissing) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("samcache_no_tokenizer_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  for (const char* file : {"config.json", "model.safetensors"}) {
    std::filesystem::copy_file(std::filesystem::path(SAMCACHE_TEST_DATA) / "tiny_hf" / file, folder / file);
  }
  EngineOptions options;
  options.model = folder.string();
  const auto engine = Engine::load(options);
  ASSERT_TRUE(engine.ok());
  const auto encodings = (*engine)->encode(test_picture(150, 113), identity(), kTrunkAndDetector);
  ASSERT_TRUE(encodings.ok());
  const auto image = (*engine)->prepare_concepts((*encodings)[1]);
  ASSERT_TRUE(image.ok());
  const auto answer = (*engine)->segment(**image, named("cat"), {});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message.find("tokenizer.json"), std::string::npos) << answer.error().message;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace samcache

// The tiny model's concept side in float32 against the official code, stage by stage, through the graph that ships:
// text encoder, geometry encoder, fusion encoder, decoder, scores, masks, and what the official processor answers.
#include <algorithm>
#include <cmath>

#include "golden/concept_cases.h"
#include "model/mask_selection.h"
#include "model/tokenizer/tokenizer.h"

namespace samcache::golden {
namespace {

constexpr double kTolerance = 1e-4;
constexpr double kMaskPixels = 1e-4;  // share of mask pixels that may differ
constexpr float kEverything = -1.0F;  // a threshold below every score

struct Picture {
  std::string name, file;
};

std::vector<Picture> pictures() {
  return {{"img0", "img0_150x113.png"}, {"img1", "img1_97x200.png"}, {"img2", "img2_333x251.png"}};
}

// What the shipping path does not compute, because nothing that is answered needs it: the semantic map, and the 1x1
// convolution of the pixel embeddings, which is moved into the masks' filters (pred_masks shows that it is there).
bool not_computed(const std::string& stage) { return stage == "semantic_seg" || stage == "seg/instance_embed"; }

// What the answer of the public interface is held against instead of a stage.
bool part_of_answer(const std::string& stage) {
  return stage.starts_with("final") || stage == "scores_all" || stage == "pred_boxes_xyxy" || stage == "pred_masks";
}

class TinyConceptGolden : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<const ConceptImage> prepare(const RgbImage& image) {
    const std::vector<Profile> profile = {Profile::kDetector};
    const auto encodings = engine_->encode(image, {}, profile);
    EXPECT_TRUE(encodings.ok());
    const auto prepared = engine_->prepare_concepts((*encodings)[0]);
    EXPECT_TRUE(prepared.ok()) << prepared.error().message;
    return *prepared;
  }

  ConceptAnswer ask(const ConceptImage& image, const ConceptPrompt& prompt, float threshold) {
    ConceptOptions options;
    options.threshold = threshold;
    const auto answer = engine_->segment(image, prompt, options);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return *answer;
  }

  // Checkpoints in Hugging Face's naming cannot take points.
  bool can_run(const ConceptCase& test) const { return test.prompt.points.empty() || GetParam() == "tiny_meta"; }

  std::unique_ptr<Engine> engine_ = load_engine(data_path(GetParam()), Precision::kFp32, DType::kF32);
  GoldenFile golden_{"golden_tiny.safetensors"};
};

// width: of the detector
void expect_stages(GoldenFile& golden, const ConceptCase& test, const std::map<std::string, std::vector<float>>& stages,
                   std::size_t width) {
  for (const std::string& name : golden.unused(test.name)) {
    const std::string stage = name.substr(test.name.size());
    if (not_computed(stage) || part_of_answer(stage)) continue;
    std::vector<float> expected = golden.floats(name);
    if (expected.empty()) continue;  // of boxes or points that the prompt does not have
    if (stage == "geo/mask") {       // nothing is padded
      EXPECT_EQ(expected, std::vector<float>(expected.size())) << name;
      continue;
    }
    const auto found = stages.find(stage);
    ASSERT_NE(found, stages.end()) << name;
    if (stage == "score/hs_proj") {  // the official code projects the queries of all layers and uses the last
      expected.erase(expected.begin(), expected.end() - static_cast<std::ptrdiff_t>(found->second.size()));
    }
    if (stage == "prompt" || stage == "score/prompt_mlp") {
      expected = without_padding(expected, found->second.size(), width);
    }
    if (stage == "prompt_mask") expected = without_padding(expected, found->second.size(), 1);
    EXPECT_TRUE(close(found->second, expected, kTolerance)) << name;
  }
}

void expect_all_queries(GoldenFile& golden, const std::string& name, const ConceptAnswer& answer) {
  std::vector<float> scores, corners, masks;
  for (const Detection& detection : answer.detections) {
    scores.push_back(detection.score);
    for (int i = 0; i < 4; ++i) {
      corners.push_back(detection.box[i] / static_cast<float>(i % 2 == 0 ? answer.width : answer.height));
    }
    masks.insert(masks.end(), detection.low_res.begin(), detection.low_res.end());
  }
  EXPECT_TRUE(close(scores, golden.floats(name + "scores_all"), kTolerance)) << name;
  EXPECT_TRUE(close(corners, golden.floats(name + "pred_boxes_xyxy"), kTolerance)) << name;
  EXPECT_TRUE(close(masks, golden.floats(name + "pred_masks"), kTolerance)) << name;
}

void expect_kept(GoldenFile& golden, const std::string& name, const ConceptAnswer& answer) {
  std::vector<float> scores, boxes;
  std::vector<std::uint8_t> masks;
  for (std::size_t i = 0; i < answer.detections.size(); ++i) {
    scores.push_back(answer.detections[i].score);
    boxes.insert(boxes.end(), answer.detections[i].box.begin(), answer.detections[i].box.end());
    const BinaryMask mask = answer.mask(i);
    masks.insert(masks.end(), mask.pixels.begin(), mask.pixels.end());
  }
  EXPECT_TRUE(close(scores, golden.floats(name + "scores"), kTolerance)) << name;
  EXPECT_TRUE(close(boxes, golden.floats(name + "boxes"), kTolerance)) << name;
  if (golden.has(name + "masks")) {
    const std::vector<float> expected = golden.floats(name + "masks");
    EXPECT_LE(differing_share(masks, {expected.begin(), expected.end()}), kMaskPixels) << name;
  }
  // The official processor calls them logits and keeps probabilities; of some cases only the first few are there.
  for (const char* stored : {"masks_prob", "masks_prob_first"}) {
    if (!golden.has(name + stored)) continue;
    const std::vector<float> expected = golden.floats(name + stored);
    std::vector<float> probabilities;
    for (const Detection& detection : answer.detections) {
      if (probabilities.size() >= expected.size()) break;
      for (const float logit : enlarge_logits(detection.low_res, answer.mask_side, answer.width, answer.height)) {
        probabilities.push_back(1.0F / (1.0F + std::exp(-logit)));
      }
    }
    EXPECT_TRUE(close(probabilities, expected, kTolerance)) << name << stored;
  }
}

TEST_P(TinyConceptGolden, EveryStageAndAnswerOfEveryCaseMatches) {
  for (const Picture& picture : pictures()) {
    const RgbImage image = read_picture(picture.file);
    Tapped tapped;
    engine_->set_tap(tapped.tap());
    const std::shared_ptr<const ConceptImage> prepared = prepare(image);
    const std::map<std::string, std::vector<float>> of_picture = tapped.values;
    for (const ConceptCase& test : concept_cases(picture.name, image.width, image.height)) {
      if (!can_run(test)) continue;
      tapped.values = of_picture;
      engine_->set_tap(tapped.tap());
      const ConceptAnswer all = ask(*prepared, test.prompt, kEverything);
      engine_->set_tap({});
      const Sam3Config& config = engine_->info().config;
      expect_stages(golden_, test, official_stages(tapped, config.decoder.layers),
                    static_cast<std::size_t>(config.fpn_width));
      expect_all_queries(golden_, test.name, all);
      for (const auto& [variant, threshold] :
           {std::pair{"final/", 0.5F}, {"final_thr0.3/", 0.3F}, {"final_thr0.55/", 0.55F}}) {
        if (!golden_.has(test.name + variant + "scores")) continue;
        expect_kept(golden_, test.name + variant, ask(*prepared, test.prompt, threshold));
      }
      for (const std::string& name : golden_.unused(test.name)) {
        EXPECT_TRUE(not_computed(name.substr(test.name.size()))) << name << " was compared with nothing";
      }
    }
    engine_->set_tap({});
  }
}

TEST_P(TinyConceptGolden, EveryStageOfTheTextEncoderMatches) {
  const std::shared_ptr<const ConceptImage> prepared = prepare(read_picture("img0_150x113.png"));
  GoldenFile golden("golden_text.safetensors");
  const Result<Tokenizer> tokenizer = Tokenizer::load(data_path(GetParam()));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  std::map<std::string, std::vector<float>> features;
  for (const auto& [name, text] : {std::pair{"person", "person"},
                                   {"bus", "yellow school bus"},
                                   {"visual", "visual"},
                                   {"cat", "a striped cat!"},
                                   {"odd", "cat!~ dog"}}) {
    const std::string prefix = std::string("text/") + name + "/";
    Tapped tapped;
    engine_->set_tap(tapped.tap());
    ask(*prepared, {.text = text}, 0.5F);
    engine_->set_tap({});
    const std::vector<std::int32_t> ids = tokenizer->encode(text, 32)->ids;
    EXPECT_EQ(std::vector<float>(ids.begin(), ids.end()), golden.floats(prefix + "ids")) << name;
    std::vector<float> mask = official_stages(tapped, 3)["prompt_mask"];
    mask.pop_back();     // the geometry token
    mask.resize(32, 1);  // what was left off is padding
    EXPECT_EQ(mask, golden.floats(prefix + "language_mask")) << name;
    features[name] = tapped.values.at("text/language_features");
    for (const std::string& golden_name : golden.unused(prefix)) {
      std::string stage = golden_name.substr(prefix.size());
      if (stage == "language_embeds" || stage == "tok_emb.1") stage = "tok_emb";
      const std::vector<float>& value = tapped.values.at("text/" + stage);
      std::vector<float> expected = golden.floats(golden_name);
      ASSERT_LE(value.size(), expected.size()) << golden_name;
      expected.resize(value.size());  // the rest is padding
      EXPECT_TRUE(close(value, expected, kTolerance)) << golden_name;
    }
  }
  // The batch of two, [T, 2, d], is what its texts are one by one.
  const std::vector<float> batch = golden.floats("text/batch2/language_features");
  const auto width = static_cast<std::size_t>(engine_->info().config.fpn_width);
  for (int column = 0; column < 2; ++column) {
    std::vector<float> one;
    for (std::size_t row = 0; row < batch.size() / (2 * width); ++row) {
      const auto begin = batch.begin() + static_cast<std::ptrdiff_t>((2 * row + column) * width);
      one.insert(one.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
    }
    const std::vector<float>& alone = features[column == 0 ? "person" : "cat"];
    one.resize(alone.size());
    EXPECT_TRUE(close(one, alone, kTolerance)) << "batch2, column " << column;
  }
}

TEST(TinyConceptGoldenHuggingFace, PointsAreRefusedWithAReason) {
  const std::unique_ptr<Engine> engine = load_engine(data_path("tiny_hf"), Precision::kFp32, DType::kF32);
  const std::vector<Profile> profile = {Profile::kDetector};
  const auto prepared = engine->prepare_concepts((*engine->encode(read_picture("img0_150x113.png"), {}, profile))[0]);
  ASSERT_TRUE(prepared.ok());
  const auto answer = engine->segment(**prepared, ConceptPrompt{.points = {{10, 10, true}}}, {});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnsupported);
}

INSTANTIATE_TEST_SUITE_P(Namings, TinyConceptGolden, ::testing::Values("tiny_hf", "tiny_meta"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace samcache::golden

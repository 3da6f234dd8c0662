// The tiny model in float32 against the official code, stage by stage, through the graph that ships: every reference
// value of the image side and of the interactive head, under both namings.
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/engine.h"
#include "golden/golden_data.h"
#include "golden/interactive_cases.h"
#include "model/preprocess.h"

namespace samcache::golden {
namespace {

constexpr double kTolerance = 1e-4;
constexpr double kMaskPixels = 1e-4;  // share of mask pixels that may differ

struct Picture {
  std::string name, file;
};

std::vector<Picture> pictures() {
  return {{"img0", "img0_150x113.png"}, {"img1", "img1_97x200.png"}, {"img2", "img2_333x251.png"}};
}

// The trunk works in window order; a global block's [heads, tokens, head_dim] back in raster order.
std::vector<float> from_window_order(const std::vector<float>& value, const VitConfig& vit) {
  std::vector<float> out(value.size());
  const int grid = vit.grid();
  const int dim = vit.head_dim();
  for (int head = 0; head < vit.heads; ++head) {
    for (int y = 0; y < grid; ++y) {
      for (int x = 0; x < grid; ++x) {
        const int windows_before = y / vit.window * (grid / vit.window) + x / vit.window;
        const int token = (windows_before * vit.window + y % vit.window) * vit.window + x % vit.window;
        const auto from = value.begin() + (static_cast<std::ptrdiff_t>(head) * grid * grid + token) * dim;
        std::copy(from, from + dim,
                  out.begin() + (static_cast<std::ptrdiff_t>(head) * grid * grid + y * grid + x) * dim);
      }
    }
  }
  return out;
}

constexpr Profile kAllProfiles[] = {Profile::kTrunk, Profile::kInteractive, Profile::kDetector};

class TinyGolden : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Engine> engine_ = load_engine(data_path(GetParam()), Precision::kFp32, DType::kF32);
  GoldenFile golden_{"golden_tiny.safetensors"};
};

TEST_P(TinyGolden, ResizesTheSamePixels) {
  for (const Picture& picture : pictures()) {
    const RgbImage image = read_picture(picture.file);
    const int size = engine_->info().config.vit.image_size;
    const std::vector<std::uint8_t> resized = resize_antialiased(image, size);
    const std::vector<float> planes = golden_.floats(picture.name + "/input_u8");
    std::size_t differing = 0;
    for (std::size_t i = 0; i < resized.size(); ++i) {
      differing += static_cast<float>(resized[i]) != planes[i % 3 * size * size + i / 3];
    }
    EXPECT_EQ(differing, 0u) << picture.name;
  }
}

TEST_P(TinyGolden, EveryStageOfAnEncodeMatches) {
  for (const Picture& picture : pictures()) {
    Tapped tapped;
    engine_->set_tap(tapped.tap());
    const auto encodings = engine_->encode(read_picture(picture.file), {}, kAllProfiles);
    ASSERT_TRUE(encodings.ok()) << encodings.error().message;
    // The coarsest level of the necks, which no profile contains.
    ASSERT_TRUE(engine_->seed_layout(encodings->front()).ok());
    engine_->set_tap({});
    for (const char* group : {"/input", "/vit/", "/neck/", "/sam2/", "/inst/image_embed"}) {
      for (const std::string& name : golden_.unused(picture.name + group)) {
        if (name.ends_with("/input_u8")) continue;  // tested above
        const auto found = tapped.values.find(name.substr(picture.name.size() + 1));
        ASSERT_NE(found, tapped.values.end()) << name;
        std::vector<float> value = found->second;
        if (name.find("block1.q_rope") != std::string::npos || name.find("block1.k_rope") != std::string::npos) {
          value = from_window_order(value, engine_->info().config.vit);
        }
        EXPECT_TRUE(close(value, golden_.floats(name), kTolerance)) << name;
      }
    }
  }
}

// [1, C, H, W] -> [H * W, 1, C]
std::vector<float> as_tokens(const Tensor& map) {
  const std::vector<float> values = as_floats(map);
  const auto channels = static_cast<std::size_t>(map.shape[1]);
  const std::size_t cells = values.size() / channels;
  std::vector<float> tokens(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) tokens[i % cells * channels + i / cells] = values[i];
  return tokens;
}

TEST_P(TinyGolden, TheSeedLayoutHoldsTheOfficialState) {
  const std::pair<const char*, const char*> names[] = {
      {"backbone_fpn_0", "/neck/sam3_fpn0"},      {"backbone_fpn_1", "/neck/sam3_fpn1"},
      {"backbone_fpn_2", "/neck/sam3_fpn2"},      {"backbone_fpn_3", "/neck/sam3_fpn3"},
      {"sam2_backbone_fpn_0", "/sam2/feat_s0"},   {"sam2_backbone_fpn_1", "/sam2/feat_s1"},
      {"sam2_backbone_fpn_2", "/neck/sam2_fpn2"}, {"sam2_backbone_fpn_3", "/neck/sam2_fpn3"}};
  for (const Picture& picture : pictures()) {
    const std::vector<Profile> profile = {Profile::kTrunk};
    const auto encodings = engine_->encode(read_picture(picture.file), {}, profile);
    ASSERT_TRUE(encodings.ok()) << encodings.error().message;
    const auto layout = engine_->seed_layout(encodings->front());
    ASSERT_TRUE(layout.ok()) << layout.error().message;
    std::map<std::string, Tensor> tensors;
    for (const Tensor& tensor : *layout) tensors[tensor.name] = tensor;
    for (const auto& [ours, official] : names) {
      EXPECT_EQ(tensors.at(ours).shape, golden_.tensor(picture.name + official).shape) << ours;
      EXPECT_TRUE(close(as_floats(tensors.at(ours)), golden_.floats(picture.name + official), kTolerance)) << ours;
    }
    const std::vector<float> positions = golden_.floats("img0/text_person/enc/pos_embed");
    EXPECT_TRUE(close(as_tokens(tensors.at("vision_pos_enc_2")), positions, kTolerance));
  }
}

std::vector<Case> interactive_cases() {
  std::ifstream file(data_path("golden/cases.json"));
  std::vector<Case> cases;
  const nlohmann::json all = nlohmann::json::parse(file);
  for (const auto& entry : all["interactive"]) {
    cases.push_back({entry["name"], entry["multimask_output"], !entry["normalize_coords"].get<bool>()});
  }
  return cases;
}

void expect_outputs(GoldenFile& golden, const std::string& name, const Outputs& outputs) {
  EXPECT_TRUE(close(outputs.iou, golden.floats(name + "out_iou"), kTolerance)) << name;
  EXPECT_TRUE(close(outputs.low_res, golden.floats(name + "out_low_res"), kTolerance)) << name;
  const std::vector<float> masks = golden.floats(name + "out_masks");
  EXPECT_LE(differing_share(outputs.masks, {masks.begin(), masks.end()}), kMaskPixels) << name;
  if (golden.has(name + "out_masks_logits")) {
    EXPECT_TRUE(close(outputs.logits, golden.floats(name + "out_masks_logits"), kTolerance)) << name;
  }
}

void expect_intermediates(GoldenFile& golden, const std::string& name, Tapped& tapped, std::size_t prompts,
                          double stability_delta) {
  // The padding point that ends our sequences is added inside the official encoder, after this intermediate.
  for (const auto& [part, width] : {std::pair{"pe/points_in", 2}, std::pair{"pe/labels_in", 1}}) {
    if (!golden.has(name + part)) continue;
    const std::vector<float>& padded = tapped.values.at(part);
    const std::size_t row = padded.size() / prompts;
    std::vector<float> unpadded;
    for (std::size_t i = 0; i < prompts; ++i) {
      unpadded.insert(unpadded.end(), padded.begin() + i * row, padded.begin() + (i + 1) * row - width);
    }
    EXPECT_TRUE(close(unpadded, golden.floats(name + part), kTolerance)) << name << part;
  }
  if (golden.has(name + "pe/dense")) {
    const std::vector<float> expected = golden.floats(name + "pe/dense");
    const std::vector<float>& dense = tapped.values.at("pe/dense");
    const std::size_t repeat = expected.size() / dense.size();  // ours is not yet spread over the grid
    std::vector<float> spread(expected.size());
    for (std::size_t i = 0; i < spread.size(); ++i) spread[i] = dense[i / repeat];
    EXPECT_TRUE(close(spread, expected, kTolerance)) << name << "pe/dense";
  }
  if (golden.has(name + "md/stability")) {
    const std::vector<float> expected = golden.floats(name + "md/stability");
    const std::vector<float>& masks = tapped.values.at("md/masks_all");
    const std::size_t all = masks.size() / prompts;
    for (std::size_t i = 0; i < prompts; ++i) {
      const std::span<const float> first(masks.data() + i * all, all / 4);
      EXPECT_NEAR(stability_score(first, static_cast<float>(stability_delta)), expected[i], kTolerance) << name;
    }
  }
  for (const std::string& golden_name : golden.unused(name)) {
    const std::string stage = golden_name.substr(name.size());
    if (!stage.starts_with("pe/") && !stage.starts_with("md/")) continue;
    const std::vector<float> expected = golden.floats(golden_name);
    if (expected.empty()) continue;  // the sparse embedding of a prompt without points
    const auto found = tapped.values.find(stage);
    ASSERT_NE(found, tapped.values.end()) << golden_name;
    EXPECT_TRUE(close(found->second, expected, kTolerance)) << golden_name;
  }
}

TEST_P(TinyGolden, EveryInteractiveCaseMatches) {
  const double stability_delta = engine_->info().config.mask_decoder.stability_delta;
  for (const Picture& picture : pictures()) {
    const RgbImage image = read_picture(picture.file);
    const std::vector<Profile> profile = {Profile::kInteractive};
    const Result<std::vector<Encoding>> encodings = engine_->encode(image, {}, profile);
    ASSERT_TRUE(encodings.ok());
    const auto prepared = engine_->prepare((*encodings)[0]);
    ASSERT_TRUE(prepared.ok()) << prepared.error().message;
    for (const Case& test : interactive_cases()) {
      if (!test.name.starts_with(picture.name + "/")) continue;
      const std::vector<InteractivePrompt> prompts = prompts_of(golden_, test, image);
      InteractiveOptions options;
      options.multimask = test.multimask;
      options.return_logits = true;
      options.cleaning = CleaningOptions{};  // the official limits, though meant for larger masks
      Tapped tapped;
      engine_->set_tap(tapped.tap());
      const auto answers = engine_->segment_batch(**prepared, prompts, options);
      engine_->set_tap({});
      ASSERT_TRUE(answers.ok()) << answers.error().message;
      expect_outputs(golden_, test.name, Outputs(*answers));
      expect_intermediates(golden_, test.name, tapped, prompts.size(), stability_delta);
      EXPECT_TRUE(close(tapped.values.at("pe/image_positions"), golden_.floats("const/pe_dense"), kTolerance));
    }
  }
  for (const std::string& name : golden_.unused("img")) {
    const bool of_a_case = name.find("/inst/") != std::string::npos && !name.ends_with("/image_embed");
    EXPECT_TRUE(!of_a_case || name.find("/hole") != std::string::npos) << name << " was compared with nothing";
  }
}

TEST_P(TinyGolden, CleaningLimitsMatch) {
  const std::string name = "img0/inst/pt2_multi/";
  const RgbImage image = read_picture("img0_150x113.png");
  const std::vector<Profile> profile = {Profile::kInteractive};
  const auto prepared = engine_->prepare((*engine_->encode(image, {}, profile))[0]);
  ASSERT_TRUE(prepared.ok());
  const std::vector<InteractivePrompt> prompts = prompts_of(golden_, {name, true, false}, image);
  for (const auto& [hole, sprinkle] : {std::pair{0, 0}, {4, 0}, {16, 0}, {4, 6}, {0, 12}}) {
    InteractiveOptions options{.multimask = true, .cleaning = CleaningOptions{hole, sprinkle}, .return_logits = true};
    const auto answers = engine_->segment_batch(**prepared, prompts, options);
    ASSERT_TRUE(answers.ok());
    const std::string variant =
        name + "hole" + std::to_string(hole) + "_sprinkle" + std::to_string(sprinkle) + "/out_masks_logits";
    EXPECT_TRUE(close(Outputs(*answers).logits, golden_.floats(variant), kTolerance)) << variant;
  }
}

INSTANTIATE_TEST_SUITE_P(Namings, TinyGolden, ::testing::Values("tiny_hf", "tiny_meta"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace samcache::golden

// The full-size model, its weights written by `samcache model init`, against the official code in float32: every kept
// stage of an encode, the masks of the point and box prompts, and the concept prompts.
//
// Takes the model's directory from the build (see CMakeLists.txt); needs about 5 GB of memory and a few minutes.
#include <algorithm>
#include <cstdio>

#include "engine/engine.h"
#include "golden/full_concepts.h"
#include "golden/golden_data.h"
#include "golden/interactive_cases.h"
#include "golden/strided_golden.h"

namespace samcache::golden {
namespace {

struct Setting {
  Precision precision;
  DType encoding_dtype;
  double tolerance;    // relative L2 error
  double mask_pixels;  // share of mask pixels that may differ
  ConceptLimits concepts;
};

// Printed by GoogleTest and part of the test's name.
std::string setting_name(const ::testing::TestParamInfo<Setting>& test) { return precision_name(test.param.precision); }

class FullGolden : public ::testing::TestWithParam<Setting> {};

std::vector<std::uint8_t> unpack_bits(const Tensor& packed, int width) {
  const auto row_bytes = static_cast<std::size_t>(packed.shape.back());
  std::vector<std::uint8_t> pixels;
  for (std::size_t row = 0; row < packed.data.size() / row_bytes; ++row) {
    for (int x = 0; x < width; ++x) {
      const auto byte = std::to_integer<unsigned>(packed.data.span()[row * row_bytes + x / 8]);
      pixels.push_back(byte >> (7 - x % 8) & 1u);
    }
  }
  return pixels;
}

// The mask input of the cases that have one is not kept with them: it is the best answer of pt1_multi.
std::vector<float> best_first_answer(GoldenFile& golden) {
  const std::vector<float> iou = golden.floats("inst/pt1_multi/out_iou");
  const std::vector<float> low_res = golden.floats("inst/pt1_multi/out_low_res");
  const auto size = static_cast<std::ptrdiff_t>(low_res.size() / iou.size());
  const auto begin = low_res.begin() + size * (std::max_element(iou.begin(), iou.end()) - iou.begin());
  return {begin, begin + size};
}

// One engine for the whole test: loading takes seconds and gigabytes.
TEST_P(FullGolden, EncodeAndPromptsMatch) {
  const Setting setting = GetParam();
  GoldenFile golden("golden_full.safetensors");
  const std::map<std::string, Sample> index = read_index(data_path("golden/full_index.txt"));
  const std::unique_ptr<Engine> engine = load_engine(SAMCACHE_FULL_MODEL, setting.precision, setting.encoding_dtype);
  const RgbImage image = read_picture("full_640x427.png");

  // float32 is compared at every stage. In bf16 single stages drift apart further than the results that count.
  const bool every_stage = setting.precision == Precision::kFp32;
  engine->set_tap([&](const std::string& name, const Tensor& value) {
    const auto sample = index.find(name);
    if (sample == index.end() || (!every_stage && name != "vit/trunk_out")) return;
    const double error = relative_l2(take(sample->second, as_floats(value)), golden.floats(name));
    EXPECT_LE(error, setting.tolerance) << name;
    if (name == "vit/trunk_out") std::printf("%s: relative L2 %.2e\n", name.c_str(), error);
  });
  const std::vector<Profile> profiles = {Profile::kInteractive, Profile::kDetector};
  const auto encodings = engine->encode(image, {}, profiles);
  engine->set_tap({});
  ASSERT_TRUE(encodings.ok()) << encodings.error().message;
  const auto prepared = engine->prepare((*encodings)[0]);
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;

  int cases = 0;
  for (const auto& [name, unused] : index) {
    if (!name.ends_with("/out_iou")) continue;
    const std::string prefix = name.substr(0, name.size() - std::string("out_iou").size());
    InteractiveOptions options;
    options.multimask = golden.tensor(name).shape[0] > 1;
    options.return_logits = true;
    const Case test{prefix, options.multimask, false};
    engine->set_tap([&, prefix = prefix](const std::string& stage, const Tensor& value) {
      const auto sample = index.find(prefix + stage);
      if (sample == index.end() || !every_stage) return;
      EXPECT_LE(relative_l2(take(sample->second, as_floats(value)), golden.floats(prefix + stage)), setting.tolerance)
          << prefix + stage;
    });
    std::vector<InteractivePrompt> prompts = prompts_of(golden, test, image);
    if (prefix.find("_mask_") != std::string::npos) prompts[0].mask_input = best_first_answer(golden);
    const auto answers = engine->segment_batch(**prepared, prompts, options);
    engine->set_tap({});
    ASSERT_TRUE(answers.ok()) << answers.error().message;
    const Outputs outputs(*answers);
    EXPECT_TRUE(close(outputs.iou, golden.floats(name), setting.tolerance)) << name;
    const std::string low_res = prefix + "out_low_res";
    const double error = relative_l2(take(index.at(low_res), outputs.low_res), golden.floats(low_res));
    EXPECT_LE(error, setting.tolerance) << low_res;
    std::printf("%s: relative L2 %.2e\n", low_res.c_str(), error);
    // Cleaning sets whole regions to +10 when they are just small enough: close logits can become distant ones there,
    // so that in bf16 the cleaned masks are compared by their pixels alone.
    if (every_stage) {
      const std::string logits = prefix + "out_masks_logits";
      EXPECT_LE(relative_l2(take(index.at(logits), outputs.logits), golden.floats(logits)), setting.tolerance)
          << logits;
    }
    const std::vector<std::uint8_t> masks = unpack_bits(golden.tensor(prefix + "out_masks_packed"), image.width);
    EXPECT_LE(differing_share(outputs.masks, masks), setting.mask_pixels) << prefix;
    ++cases;
  }
  EXPECT_GE(cases, 4);
  expect_concept_cases(*engine, (*encodings)[1], golden, index, setting.concepts);
}

INSTANTIATE_TEST_SUITE_P(Precisions, FullGolden,
                         ::testing::Values(Setting{Precision::kFp32, DType::kF32, 1e-3, 1e-4, {true, 1e-3, 1e-4}},
                                           Setting{Precision::kBf16, DType::kBF16, 3e-2, 1e-2, {false, 1e-1, 1e-2}}),
                         setting_name);

}  // namespace
}  // namespace samcache::golden

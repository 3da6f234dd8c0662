#include "golden/full_concepts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "golden/concept_cases.h"
#include "model/mask_selection.h"

namespace samcache::golden {
namespace {

constexpr double kMaskPixels = 1e-4;  // share of a mask's pixels that may differ

ConceptAnswer ask(const Engine& engine, const ConceptImage& image, const ConceptPrompt& prompt, float threshold) {
  ConceptOptions options;
  options.threshold = threshold;
  const auto answer = engine.segment(image, prompt, options);
  EXPECT_TRUE(answer.ok()) << answer.error().message;
  return *answer;
}

// Everything of the prompt that was kept, by its official name.
void expect_stages(GoldenFile& golden, const std::map<std::string, Sample>& index, const std::string& prefix,
                   const std::map<std::string, std::vector<float>>& stages, std::size_t width, double tolerance) {
  int compared = 0;
  for (const auto& [name, sample] : index) {
    if (!name.starts_with(prefix)) continue;
    const auto stage = stages.find(name.substr(prefix.size()));
    if (stage == stages.end()) continue;
    ++compared;
    std::vector<float> expected = golden.floats(name);
    if (name.ends_with("/prompt") || name.ends_with("/prompt_mask")) {  // kept whole
      expected = without_padding(expected, stage->second.size(), name.ends_with("/prompt") ? width : 1);
      EXPECT_LE(relative_l2(stage->second, expected), tolerance) << name;
      continue;
    }
    EXPECT_LE(relative_l2(take(sample, stage->second), expected), tolerance) << name;
  }
  EXPECT_GE(compared, 20) << prefix;
}

// What was kept of the text encoder's stages, [1, context, width] or [context, 1, width], as far as we compute them.
void expect_text(GoldenFile& golden, const std::map<std::string, Sample>& index,
                 const std::map<std::string, std::vector<float>>& stages, double tolerance) {
  for (const char* stage : {"block0", "block11", "block23", "language_features"}) {
    const std::string name = std::string("text/person/") + stage;
    const std::vector<float>& value = stages.at(std::string("text/") + stage);
    Sample sample = index.at(name);
    const std::size_t tokens = sample.full_shape[0] == 1 ? 1 : 0;  // the dimension that counts them
    sample.full_shape[tokens] = static_cast<std::int64_t>(value.size()) / sample.full_shape[2];
    const std::vector<float> taken = take(sample, value);
    std::vector<float> expected = golden.floats(name);
    ASSERT_LE(taken.size(), expected.size()) << name;
    expected.resize(taken.size());
    EXPECT_LE(relative_l2(taken, expected), tolerance) << name;
  }
}

struct AllQueries {
  std::vector<float> scores, cxcywh, masks;
};

AllQueries all_queries(const ConceptAnswer& answer) {
  AllQueries all;
  const auto width = static_cast<float>(answer.width);
  const auto height = static_cast<float>(answer.height);
  for (const Detection& detection : answer.detections) {
    const auto& [x0, y0, x1, y1] = detection.box;
    all.scores.push_back(detection.score);
    all.cxcywh.insert(all.cxcywh.end(),
                      {(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height});
    all.masks.insert(all.masks.end(), detection.low_res.begin(), detection.low_res.end());
  }
  return all;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = a.size() == b.size() ? 0.0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return largest;
}

void expect_kept(GoldenFile& golden, const std::map<std::string, Sample>& index, const std::string& name,
                 const ConceptAnswer& answer, double tolerance) {
  std::vector<float> scores, boxes, probabilities;
  const Sample& stored = index.at(name + "masks_prob_first");
  const auto stored_masks = static_cast<std::size_t>(4);
  const std::vector<float> areas = golden.floats(name + "masks_area");
  ASSERT_EQ(answer.detections.size(), areas.size()) << name;
  for (std::size_t i = 0; i < answer.detections.size(); ++i) {
    const Detection& detection = answer.detections[i];
    scores.push_back(detection.score);
    boxes.insert(boxes.end(), detection.box.begin(), detection.box.end());
    const BinaryMask mask = answer.mask(i);
    const auto area = std::count(mask.pixels.begin(), mask.pixels.end(), 1);
    EXPECT_NEAR(static_cast<double>(area), areas[i], kMaskPixels * static_cast<double>(mask.pixels.size())) << name;
    if (i >= stored_masks) continue;
    for (const float logit : enlarge_logits(detection.low_res, answer.mask_side, answer.width, answer.height)) {
      probabilities.push_back(1.0F / (1.0F + std::exp(-logit)));
    }
  }
  Sample first = stored;  // the index counts all kept masks
  first.full_shape[0] = static_cast<std::int64_t>(stored_masks);
  EXPECT_LE(relative_l2(scores, golden.floats(name + "scores")), tolerance) << name;
  EXPECT_LE(relative_l2(boxes, golden.floats(name + "boxes")), tolerance) << name;
  EXPECT_LE(relative_l2(take(first, probabilities), golden.floats(name + "masks_prob_first")), tolerance) << name;
}

}  // namespace

void expect_concept_cases(Engine& engine, const Encoding& encoding, GoldenFile& golden,
                          const std::map<std::string, Sample>& index, const ConceptLimits& limits) {
  Tapped of_picture;
  if (limits.every_stage) engine.set_tap(of_picture.tap());
  const auto prepared = engine.prepare_concepts(encoding);
  engine.set_tap({});
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  const auto width = static_cast<float>(encoding.metadata.original_width);
  const auto height = static_cast<float>(encoding.metadata.original_height);
  // The box of case boxA is [0.25, 0.45, 0.30, 0.50] as centre and size.
  const ConceptPrompt::Box box{{0.10F * width, 0.20F * height, 0.40F * width, 0.70F * height}, true};
  const std::vector<ConceptCase> cases = {{"text_person/", {.text = "person"}}, {"boxA/", {.boxes = {box}}}};
  for (const ConceptCase& test : cases) {
    Tapped tapped = of_picture;
    if (limits.every_stage) engine.set_tap(tapped.tap());
    const ConceptAnswer answer = ask(engine, **prepared, test.prompt, -1.0F);
    engine.set_tap({});
    const AllQueries all = all_queries(answer);
    const double boxes = largest_difference(all.cxcywh, golden.floats(test.name + "pred_boxes"));
    const std::vector<float> masks = take(index.at(test.name + "pred_masks"), all.masks);
    const double mask_error = relative_l2(masks, golden.floats(test.name + "pred_masks"));
    std::printf("%s: boxes off by up to %.1e of a side, masks relative L2 %.1e\n", test.name.c_str(), boxes,
                mask_error);
    EXPECT_LE(boxes, limits.box_sides) << test.name;
    EXPECT_LE(mask_error, limits.relative_l2) << test.name;
    if (!limits.every_stage) continue;
    EXPECT_LE(relative_l2(all.scores, golden.floats(test.name + "scores_all")), limits.relative_l2) << test.name;
    const auto stages = official_stages(tapped, engine.info().config.decoder.layers);
    const Sam3Config& config = engine.info().config;
    expect_stages(golden, index, test.name, stages, static_cast<std::size_t>(config.fpn_width), limits.relative_l2);
    if (!test.prompt.text.empty()) {
      expect_text(golden, index, stages, limits.relative_l2);
    }
    const float threshold = golden.floats(test.name + "final/threshold")[0];
    expect_kept(golden, index, test.name + "final/", ask(engine, **prepared, test.prompt, threshold),
                limits.relative_l2);
  }
}

}  // namespace samcache::golden

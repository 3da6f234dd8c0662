#include "eval_demo/evaluation.h"

#include <algorithm>
#include <numeric>

#include "base/clock.h"
#include "eval_demo/mask_overlap.h"
#include "eval_demo/scene_input.h"
#include "scenes/clicks.h"
#include "scenes/questions.h"

namespace samcache::eval {
namespace {

using scenes::SceneObject;

constexpr double kRightIou = 0.5;

class SceneEvaluation {
 public:
  SceneEvaluation(const Engine& engine, const scenes::Scene& scene, std::uint64_t seed, Scores& scores)
      : engine_(engine), scene_(scene), random_(seed), scores_(scores) {}

  Status run() {
    if (Status encoded = encode(); !encoded) return encoded;
    for (const SceneObject& object : scene_.objects) {
      if (Status asked = ask_for(object); !asked) return asked;
    }
    return ask_for_concepts();
  }

 private:
  Status encode() {
    const Stopwatch stopwatch;
    const Result<Encoding> encoding = encode_scene(engine_, scene_.image);
    if (!encoding) return encoding.error();
    scores_.encode_ms.push_back(stopwatch.elapsed_ms());
    Result<std::shared_ptr<const PreparedImage>> prepared = engine_.prepare(*encoding);
    if (!prepared) return prepared.error();
    prepared_ = std::move(*prepared);
    Result<std::shared_ptr<const ConceptImage>> concepts = engine_.prepare_concepts(*encoding);
    if (!concepts) return concepts.error();
    concepts_ = std::move(*concepts);
    return {};
  }

  Result<InteractiveMask> answer(const InteractivePrompt& prompt) {
    const Stopwatch stopwatch;
    Result<InteractiveAnswer> answer = engine_.segment(*prepared_, prompt, {});
    if (!answer) return answer.error();
    scores_.click_ms.push_back(stopwatch.elapsed_ms());
    return std::move(answer->masks.at(0));
  }

  // Asks, and keeps how good the answer is. -> the answer
  Result<InteractiveMask> judge(const InteractivePrompt& prompt, const SceneObject& object, std::vector<double>& ious) {
    Result<InteractiveMask> found = answer(prompt);
    if (found) ious.push_back(mask_iou(found->mask, object.mask));
    return found;
  }

  Status ask_for(const SceneObject& object) {
    InteractivePrompt boxed;
    boxed.box = box_of(object);
    if (const auto found = judge(boxed, object, scores_.box); !found) return found.error();

    InteractivePrompt anywhere;
    add_click(anywhere, *scenes::random_click(object.mask, random_), true);
    if (const auto found = judge(anywhere, object, scores_.any_click); !found) return found.error();

    InteractivePrompt clicks;
    add_click(clicks, *scenes::central_click(object.mask), true);
    Result<InteractiveMask> found = judge(clicks, object, scores_.one_click);
    for (int click = 2; click <= 3 && found; ++click) {
      correct(clicks, *found, object);
      found = click == 3 ? judge(clicks, object, scores_.three_clicks) : answer(clicks);
    }
    return found ? Status{} : Status(found.error());
  }

  static void add_click(InteractivePrompt& prompt, const scenes::Click& click, bool positive) {
    prompt.points.push_back({static_cast<float>(click.x), static_cast<float>(click.y), positive});
  }

  static void correct(InteractivePrompt& prompt, const InteractiveMask& found, const SceneObject& object) {
    const BinaryMask missed = without(object.mask, found.mask);
    const BinaryMask excess = without(found.mask, object.mask);
    const auto size = [](const BinaryMask& mask) { return std::count(mask.pixels.begin(), mask.pixels.end(), 1); };
    const bool positive = size(missed) >= size(excess);
    const std::optional<scenes::Click> click = scenes::central_click(positive ? missed : excess);
    // Where nothing is wrong an annotator stops clicking; a click in the middle says the same again.
    add_click(prompt, click ? *click : *scenes::central_click(object.mask), positive);
    prompt.mask_input = found.low_res;
  }

  Status ask_for_concepts() {
    const auto any_object = [&]() -> const SceneObject& {
      return scene_.objects[static_cast<std::size_t>(random_.pick(static_cast<int>(scene_.objects.size())))];
    };
    for (int i = 0; i < 2; ++i) {
      const scenes::Concept& named = scenes::name_of(any_object(), random_);
      const Stopwatch stopwatch;
      if (Status counted = count({.text = named.text}, named, scores_.text); !counted) return counted;
      scores_.text_ms.push_back(stopwatch.elapsed_ms());
    }
    for (const bool near_miss : {false, true}) {
      const scenes::Concept& absent = scenes::absent_concept(scene_.objects, near_miss, random_);
      const Result<ConceptAnswer> found = engine_.segment(*concepts_, {.text = absent.text}, {});
      if (!found) return found.error();
      ++scores_.absent;
      if (found->detections.empty()) ++scores_.absent_silent;
    }
    const SceneObject& shown = any_object();
    ConceptPrompt example;
    example.boxes.push_back({box_of(shown), true});
    return count(example, scenes::looks_like(shown), scores_.exemplar);
  }

  Status count(const ConceptPrompt& prompt, const scenes::Concept& wanted, DetectionCounts& counts) {
    const Result<ConceptAnswer> found = engine_.segment(*concepts_, prompt, {});
    if (!found) return found.error();
    std::vector<std::size_t> left = scenes::instances(wanted, scene_.objects);
    counts.instances += static_cast<long>(left.size());
    counts.detections += static_cast<long>(found->detections.size());
    std::vector<std::size_t> order(found->detections.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return found->detections[a].score > found->detections[b].score;
    });
    for (const std::size_t detection : order) {
      const BinaryMask mask = found->mask(detection);
      const auto right = std::find_if(left.begin(), left.end(), [&](std::size_t object) {
        return mask_iou(mask, scene_.objects[object].mask) >= kRightIou;
      });
      if (right == left.end()) continue;
      left.erase(right);
      ++counts.right;
    }
    return {};
  }

  const Engine& engine_;
  const scenes::Scene& scene_;
  scenes::Random random_;
  Scores& scores_;
  std::shared_ptr<const PreparedImage> prepared_;
  std::shared_ptr<const ConceptImage> concepts_;
};

}  // namespace

double mean(const std::vector<double>& values) {
  return values.empty() ? 0.0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Status evaluate_scene(const Engine& engine, const scenes::Scene& scene, std::uint64_t seed, Scores& scores) {
  return SceneEvaluation(engine, scene, seed, scores).run();
}

}  // namespace samcache::eval

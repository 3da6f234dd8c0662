#include "train_demo/concept_questions.h"

#include "scenes/questions.h"

namespace samcache::train {
namespace {

constexpr float kPresentText = 0.5F;
constexpr float kAbsentText = 0.25F;   // the rest are exemplars
constexpr float kNearMiss = 0.7F;      // of absent texts
constexpr float kExemplarText = 0.2F;  // of exemplars
constexpr float kExemplarJitter = 0.05F;

std::vector<std::int64_t> answers(const scenes::Concept& wanted, const Example& example) {
  const std::vector<std::size_t> found = scenes::instances(wanted, example.objects);
  return {found.begin(), found.end()};
}

GeometryPrompt::Box exemplar(const Example& example, int object, scenes::Random& random) {
  const at::Tensor box = example.boxes[object].to(at::kCPU);
  const auto* cxcywh = box.data_ptr<float>();
  GeometryPrompt::Box exemplar;
  for (int i = 0; i < 4; ++i) {
    const float shift = random.range(-kExemplarJitter, kExemplarJitter);
    exemplar.cxcywh[i] = cxcywh[i] + shift * cxcywh[2 + i % 2];
  }
  return exemplar;
}

}  // namespace

Question make_question(const Example& example, scenes::Random& random) {
  const int shown = random.pick(static_cast<int>(example.objects.size()));
  const scenes::SceneObject& object = example.objects[shown];
  const float kind = random.uniform();
  if (kind < kPresentText) {
    const scenes::Concept& named = scenes::name_of(object, random);
    return {named.text, {}, answers(named, example)};
  }
  if (kind < kPresentText + kAbsentText) {
    const bool near_miss = random.chance(kNearMiss);
    return {scenes::absent_concept(example.objects, near_miss, random).text, {}, {}};
  }
  const scenes::Concept look = scenes::looks_like(object);
  Question question{random.chance(kExemplarText) ? look.text : kVisualText, {}, answers(look, example)};
  question.exemplars.boxes.push_back(exemplar(example, shown, random));
  return question;
}

}  // namespace samcache::train

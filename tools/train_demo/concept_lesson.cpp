#include "train_demo/concept_lesson.h"

#include <algorithm>
#include <limits>

#include "train_demo/concept_questions.h"
#include "train_demo/losses.h"

namespace samcache::train {
namespace {

constexpr int kQuestionsPerPicture = 3;
constexpr double kBoxWeight = 1.0;
constexpr double kScoreWeight = 1.0;
constexpr double kPresenceWeight = 1.0;
constexpr double kMaskWeight = 1.0;
constexpr double kSemanticWeight = 1.0;
constexpr double kNamingWeight = 1.0;

WeightScope detector_scope(WeightSource& weights) { return {weights, "detector."}; }

const at::Tensor& t(const Value& value) { return TorchOps::tensor(value); }
Value w(at::Tensor tensor) { return TorchOps::wrap(std::move(tensor)); }

// A question and the picture it is about.
struct Asked {
  std::size_t picture = 0;
  Question question;
  PromptTokens tokens;
};

std::vector<Asked> ask(const Tokenizer& tokenizer, std::span<const Example> examples, int context,
                       scenes::Random& random) {
  std::vector<Asked> asked;
  for (std::size_t picture = 0; picture < examples.size(); ++picture) {
    for (int i = 0; i < kQuestionsPerPicture; ++i) {
      Question question = make_question(examples[picture], random);
      PromptTokens tokens = tokenizer.encode(question.text, context).value();
      asked.push_back({picture, std::move(question), std::move(tokens)});
    }
  }
  return asked;
}

// -> [questions, tokens, d], `tokens` that of the longest text
Value encode_texts(TorchOps& ops, const ConceptDetector& detector, const std::vector<Asked>& asked) {
  int longest = 0;
  for (const Asked& one : asked) longest = std::max(longest, one.tokens.length);
  std::vector<std::int64_t> ids;
  for (const Asked& one : asked) ids.insert(ids.end(), one.tokens.ids.begin(), one.tokens.ids.begin() + longest);
  return detector.encode_text(ops, ops.integers({static_cast<std::int64_t>(asked.size()), longest}, ids), longest);
}

// x [1, ..., n] with zeros (or `fill`) up to `length` in the last dimension.
at::Tensor lengthened(const at::Tensor& x, std::int64_t length, float fill = 0.0F) {
  return at::constant_pad_nd(x, {0, length - x.size(-1)}, fill);
}

// Prompts of different lengths as one batch.
PromptSequence batch_of(const std::vector<PromptSequence>& prompts) {
  std::int64_t longest = 0;
  for (const PromptSequence& prompt : prompts) longest = std::max(longest, t(prompt.tokens).size(1));
  std::vector<at::Tensor> tokens, bias, weights;
  for (const PromptSequence& prompt : prompts) {
    const std::int64_t missing = longest - t(prompt.tokens).size(1);
    tokens.push_back(at::constant_pad_nd(t(prompt.tokens), {0, 0, 0, missing}));
    bias.push_back(lengthened(t(prompt.bias), longest, -std::numeric_limits<float>::infinity()));
    weights.push_back(lengthened(t(prompt.weights), longest));
  }
  return {w(at::cat(tokens)), w(at::cat(bias)), w(at::cat(weights))};
}

// The image's part of every question, in one batch. (Geometry is read off before, picture by picture.)
ConceptFeatures batch_of(TorchOps& ops, const std::vector<ConceptFeatures>& pictures, const std::vector<Asked>& asked) {
  const auto gather = [&](auto part) {
    std::vector<Value> values;
    for (const Asked& one : asked) values.push_back(part(pictures[one.picture]));
    return ops.concat(values, 0);
  };
  ConceptFeatures all;
  all.fusion.tokens = gather([](const ConceptFeatures& image) { return image.fusion.tokens; });
  all.fusion.queries = gather([](const ConceptFeatures& image) { return image.fusion.queries; });
  for (std::size_t level = 0; level < all.masks.size(); ++level) {
    all.masks[level] = gather([level](const ConceptFeatures& image) { return image.masks[level]; });
  }
  return all;
}

// What the decoder says after each of its layers, the last included.
struct Layer {
  at::Tensor logits;    // [B, Q]
  at::Tensor boxes;     // [B, Q, 4]
  at::Tensor presence;  // [B, 1]
};

struct Detected {
  ConceptCandidates last;
  std::vector<Layer> layers;
};

// The graph that ships, its inner layers seen through its taps.
Detected detect(TorchOps& ops, const ConceptModel& model, const Value& memory, const PromptSequence& prompt) {
  std::map<std::string, Value> seen;
  ops.set_tap([&](const std::string& name, const Value& value) {
    if (name.starts_with("dec/layer")) seen[name] = value;
  });
  Detected detected;
  detected.last = model.detector.detect(ops, memory, prompt);
  ops.set_tap({});
  const int layers = model.config.decoder.layers;
  for (int i = 0; i < layers; ++i) {
    const auto of_layer = [&](int layer, const char* part) {
      return seen.at("dec/layer" + std::to_string(layer) + part);
    };
    const bool last = i + 1 == layers;
    const Value logits = last ? detected.last.logits : model.scoring(ops, prompt, of_layer(i, ".hs"));
    const Value boxes = last ? detected.last.boxes : of_layer(i + 1, ".ref_boxes");
    detected.layers.push_back({t(logits), t(boxes), t(of_layer(i, ".presence_logit"))});
  }
  return detected;
}

class Marking {
 public:
  Marking(std::span<const Example> examples, const std::vector<Asked>& asked, Measurements& measured)
      : examples_(examples), asked_(asked), measured_(measured) {
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const std::vector<std::int64_t>& answers = asked[i].question.answers;
      if (!answers.empty()) present_.push_back(static_cast<std::int64_t>(i));
    }
  }

  // Boxes, scores and presence of one layer. `matches` receives the query of every answer of every question.
  at::Tensor mark(const Layer& layer, std::vector<std::vector<std::int64_t>>& matches) {
    matches.assign(asked_.size(), {});
    const at::TensorOptions options = layer.logits.options();
    std::vector<at::Tensor> boxes, scores;
    std::vector<float> there(asked_.size(), 0.0F);
    for (const std::int64_t i : present_) {
      there[i] = 1.0F;
      const at::Tensor targets = of_answers(i, [](const Example& example) { return example.boxes; });
      matches[i] = match(layer.logits[i], layer.boxes[i], targets);
      const at::Tensor matched = at::tensor(matches[i], at::kLong).to(options.device());
      boxes.push_back(box_loss(layer.boxes[i].index_select(0, matched), targets).mean());
      const at::Tensor wanted = at::zeros({layer.logits.size(1)}, options).index_fill(0, matched, 1.0);
      scores.push_back(score_loss(layer.logits[i], wanted).sum() / static_cast<double>(matches[i].size()));
    }
    const at::Tensor wanted = at::tensor(there).to(options.device());
    const at::Tensor presence = layer.presence.squeeze(1);
    at::Tensor loss =
        kPresenceWeight * at::binary_cross_entropy_with_logits(presence, wanted, {}, {}, at::Reduction::Mean);
    if (!present_.empty()) {
      loss = loss + kBoxWeight * at::stack(boxes).mean() + kScoreWeight * at::stack(scores).mean();
      last_box_loss_ = at::stack(boxes).mean().item<double>();
      last_score_loss_ = at::stack(scores).mean().item<double>();
    }
    last_presence_ = ((presence > 0) == (wanted > 0)).to(at::kFloat).mean().item<double>();
    return loss;
  }

  // Of the last layer marked.
  void measure() {
    if (!present_.empty()) {
      measured_.add("loss_box", last_box_loss_);
      measured_.add("loss_score", last_score_loss_);
    }
    measured_.add("presence", last_presence_);
  }

  at::Tensor mark_masks(TorchOps& ops, const ConceptModel& model, const Value& pixels, const Value& queries,
                        const std::vector<std::vector<std::int64_t>>& matches) {
    const int side = model.config.low_res_mask_size();
    std::vector<at::Tensor> losses;
    for (const std::int64_t i : present_) {
      const at::Tensor matched = at::tensor(matches[i], at::kLong).to(t(queries).device());
      const Value own_pixels = ops.slice(pixels, 0, i, i + 1);
      const Value own_queries = w(t(queries).slice(0, i, i + 1).index_select(1, matched));
      const at::Tensor masks = t(model.detector.masks(ops, own_pixels, model.detector.filters(ops, own_queries)))
                                   .to(at::kFloat)
                                   .reshape({-1, side, side});
      const at::Tensor targets = of_answers(i, [](const Example& example) { return example.coverage; });
      losses.push_back(mask_loss(masks, targets).mean());
      measured_.add("iou_concept", mask_iou(masks, targets).mean().item<double>());
    }
    return losses.empty() ? at::zeros({}, t(queries).options()) : kMaskWeight * at::stack(losses).mean();
  }

  // The mean of level [1, d, G, G] over each object: [objects, d].
  static at::Tensor object_features(const at::Tensor& level, const Example& example) {
    const std::int64_t side = level.size(-1);
    const at::Tensor cells = at::adaptive_avg_pool2d(example.coverage, {side, side}).flatten(1);  // [objects, G * G]
    const at::Tensor shares = cells / cells.sum(1, true).clamp_min(1e-6);
    return at::matmul(shares, level.to(at::kFloat).flatten(2)[0].t());
  }

  // How well the prompts fit the objects themselves, seen through the features that queries read: which of them are
  // answers, before any query has found them.
  at::Tensor mark_naming(TorchOps& ops, const ConceptModel& model, const FeaturePyramid& levels,
                         const PromptSequence& prompt) {
    std::vector<at::Tensor> by_picture;
    std::int64_t most = 0;
    for (std::size_t picture = 0; picture < examples_.size(); ++picture) {
      const auto row = static_cast<std::int64_t>(picture);
      by_picture.push_back(object_features(t(levels[2]).slice(0, row, row + 1), examples_[picture]));
      most = std::max(most, by_picture.back().size(0));
    }
    std::vector<at::Tensor> features, wanted, counted;  // [most, d], [most], [most] of every question
    for (const Asked& one : asked_) {
      const at::Tensor& own = by_picture[one.picture];
      features.push_back(at::constant_pad_nd(own, {0, 0, 0, most - own.size(0)}));
      std::vector<float> answers(static_cast<std::size_t>(most), 0.0F), there(answers);
      std::fill_n(there.begin(), own.size(0), 1.0F);
      for (const std::int64_t answer : one.question.answers) answers[answer] = 1.0F;
      wanted.push_back(at::tensor(answers).to(own.device()));
      counted.push_back(at::tensor(there).to(own.device()));
    }
    const at::Tensor all = at::stack(features);
    const at::Tensor logits = t(model.scoring(ops, prompt, w(at::layer_norm(all, {all.size(-1)}))));
    const at::Tensor truth = at::stack(wanted);
    const at::Tensor share = at::stack(counted) / at::stack(counted).sum();
    const at::Tensor right = ((logits > 0) == (truth > 0)).to(at::kFloat);
    measured_.add("naming", (right * share).sum().item<double>());
    const at::Tensor loss = at::binary_cross_entropy_with_logits(logits, truth, {}, {}, at::Reduction::None);
    return kNamingWeight * (loss * share).sum();
  }

  // map [B, 1, 4G, 4G]: logits of being any answer at all
  at::Tensor mark_semantic_map(const at::Tensor& map) {
    std::vector<at::Tensor> targets;
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      const at::Tensor& coverage = examples_[asked_[i].picture].coverage;
      targets.push_back(asked_[i].question.answers.empty()
                            ? at::zeros_like(coverage[0])
                            : of_answers(static_cast<std::int64_t>(i), [](const Example& e) { return e.coverage; })
                                  .sum(0)
                                  .clamp_max(1.0));
    }
    return kSemanticWeight * mask_loss(map.squeeze(1).to(at::kFloat), at::stack(targets)).mean();
  }

 private:
  template <class Part>
  at::Tensor of_answers(std::int64_t i, const Part& part) const {
    const at::Tensor all = part(examples_[asked_[i].picture]);
    return all.index_select(0, at::tensor(asked_[i].question.answers, at::kLong).to(all.device()));
  }

  std::span<const Example> examples_;
  const std::vector<Asked>& asked_;
  Measurements& measured_;
  std::vector<std::int64_t> present_;  // questions that have an answer
  double last_box_loss_ = 0, last_score_loss_ = 0, last_presence_ = 0;
};

}  // namespace

ConceptModel::ConceptModel(TorchOps& ops, const Sam3Config& sizes, WeightSource& weights)
    : config(sizes),
      detector(ops, sizes, weights),
      scoring(sizes, detector_scope(weights)["dot_prod_scoring"]),
      semantic_map(detector_scope(weights)["segmentation_head"]["semantic_seg_head"], 1, 0) {}

at::Tensor concept_loss(TorchOps& ops, const ConceptModel& model, const Tokenizer& tokenizer,
                        const FeaturePyramid& levels, std::span<const Example> examples, scenes::Random& random,
                        Measurements& measured) {
  const std::vector<Asked> asked = ask(tokenizer, examples, model.config.text.context, random);
  std::vector<ConceptFeatures> pictures;
  for (std::size_t picture = 0; picture < examples.size(); ++picture) {
    FeaturePyramid own;
    const auto row = static_cast<std::int64_t>(picture);
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = ops.slice(levels[i], 0, row, row + 1);
    pictures.push_back(model.detector.prepare(ops, own));
  }
  const Value texts = encode_texts(ops, model.detector, asked);
  std::vector<PromptSequence> prompts;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const Value text = ops.slice(texts, 0, row, row + 1);
    std::vector<std::uint8_t> valid(static_cast<std::size_t>(t(text).size(1)), 0);
    std::fill_n(valid.begin(), asked[i].tokens.length, 1);
    prompts.push_back(model.detector.prompt(ops, pictures[asked[i].picture], text, valid, asked[i].question.exemplars));
  }
  const PromptSequence prompt = batch_of(prompts);
  const ConceptFeatures image = batch_of(ops, pictures, asked);
  const Value memory = model.detector.fuse(ops, image, prompt);
  const Detected detected = detect(ops, model, memory, prompt);

  Marking marking(examples, asked, measured);
  std::vector<std::vector<std::int64_t>> matches;
  std::vector<at::Tensor> by_layer;
  for (const Layer& layer : detected.layers) by_layer.push_back(marking.mark(layer, matches));
  marking.measure();
  const Value pixels = model.detector.pixels(ops, image, memory, prompt);
  return at::stack(by_layer).mean() + marking.mark_naming(ops, model, levels, prompt) +
         marking.mark_masks(ops, model, pixels, detected.last.queries, matches) +
         marking.mark_semantic_map(t(model.semantic_map(ops, pixels)));
}

}  // namespace samcache::train

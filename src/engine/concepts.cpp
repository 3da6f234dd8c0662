// Concept prompts: checked, turned into the detector's inputs, and its candidates into detections.
//
// What is kept and how scores and boxes are made follows facebookresearch/sam3, sam3/model/sam3_image_processor.py.
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "engine/engine_state.h"
#include "engine/host_array.h"
#include "engine/prompt_checks.h"
#include "model/mask_selection.h"

namespace samcache {
namespace {

// The text of a prompt that has none, only exemplars.
constexpr std::string_view kVisualPrompt = "visual";

// Masks are made this many at a time, always: a product's last bit may depend on its shape, and no mask's should depend
// on how many others were found.
constexpr std::size_t kMasksAtOnce = 16;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Status check_count(const ConceptPrompt& prompt) {
  if (prompt.exemplar_count() <= kMaxExemplars) return {};
  return invalid("the prompt has " + std::to_string(prompt.exemplar_count()) + " exemplars; at most " +
                 std::to_string(kMaxExemplars) + " are taken");
}

Status check_places(const ConceptPrompt& prompt, const ConceptImage& image) {
  for (const ConceptPrompt::Box& box : prompt.boxes) {
    if (Status status = check_box(box.corners, image.original_width, image.original_height); !status) return status;
  }
  for (const ConceptPrompt::Point& point : prompt.points) {
    if (Status status = check_point(point.x, point.y, image.original_width, image.original_height); !status) {
      return status;
    }
  }
  return {};
}

Status check_options(const ConceptOptions& options) {
  if (!std::isfinite(options.threshold)) return invalid("the threshold is not a number");
  if (options.max_detections < 0) return invalid("at most a negative number of detections cannot be found");
  return {};
}

GeometryPrompt geometry_of(const ConceptPrompt& prompt, const ConceptImage& image) {
  const auto width = static_cast<float>(image.original_width);
  const auto height = static_cast<float>(image.original_height);
  GeometryPrompt geometry;
  for (const ConceptPrompt::Box& box : prompt.boxes) {
    const auto& [x0, y0, x1, y1] = box.corners;
    geometry.boxes.push_back(
        {{(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height}, box.positive});
  }
  for (const ConceptPrompt::Point& point : prompt.points) {
    geometry.points.push_back({{point.x / width, point.y / height}, point.positive});
  }
  return geometry;
}

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// Which queries pass, in query order.
std::vector<std::int64_t> choose(std::span<const float> scores, const ConceptOptions& options) {
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > options.threshold) kept.push_back(static_cast<std::int64_t>(i));
  }
  const auto limit = static_cast<std::size_t>(options.max_detections);
  if (limit > 0 && kept.size() > limit) {
    const auto better = [&](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; };
    std::stable_sort(kept.begin(), kept.end(), better);
    kept.resize(limit);
    std::sort(kept.begin(), kept.end());
  }
  return kept;
}

std::array<float, 4> pixel_box(std::span<const float> cxcywh, const ConceptImage& image) {
  const auto width = static_cast<float>(image.original_width);
  const auto height = static_cast<float>(image.original_height);
  const float half_width = 0.5f * cxcywh[2];
  const float half_height = 0.5f * cxcywh[3];
  return {(cxcywh[0] - half_width) * width, (cxcywh[1] - half_height) * height, (cxcywh[0] + half_width) * width,
          (cxcywh[1] + half_height) * height};
}

// Fills in the detections' low-resolution masks; kept[i] is the query of detection i.
void add_masks(const ConceptDetector& detector, Ops& ops, const Value& pixels, const Value& queries,
               const std::vector<std::int64_t>& kept, std::vector<Detection>& detections) {
  const ConceptMaskHead::Filters filters = detector.filters(ops, queries);
  const auto rows = [&](const Value& all, const std::vector<std::int64_t>& ids) {  // [1, Q, n] -> [1, ids, n]
    const Value table = ops.reshape(all, {-1, TorchOps::tensor(all).size(2)});
    return ops.embedding(table, ops.integers({1, static_cast<std::int64_t>(ids.size())}, ids));
  };
  for (std::size_t first = 0; first < kept.size(); first += kMasksAtOnce) {
    std::vector<std::int64_t> ids(kMasksAtOnce, kept[first]);  // what fills up the last batch is thrown away
    const std::size_t count = std::min(kMasksAtOnce, kept.size() - first);
    std::copy_n(kept.begin() + static_cast<std::ptrdiff_t>(first), count, ids.begin());
    const Value masks = detector.masks(ops, pixels, {rows(filters.weights, ids), rows(filters.shifts, ids)});
    const HostArray logits(ops.reshape(masks, {static_cast<std::int64_t>(kMasksAtOnce), -1}));
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<const float> mask = logits[static_cast<std::int64_t>(i)];
      detections[first + i].low_res.assign(mask.begin(), mask.end());
    }
  }
}

}  // namespace

bool ConceptPrompt::has_positive_exemplar() const {
  const auto positive = [](const auto& exemplar) { return exemplar.positive; };
  return std::any_of(boxes.begin(), boxes.end(), positive) || std::any_of(points.begin(), points.end(), positive);
}

BinaryMask ConceptAnswer::mask(std::size_t index) const {
  const std::vector<float>& low_res = detections.at(index).low_res;
  check(!low_res.empty(), "ConceptAnswer::mask: the answer was asked for without masks");
  return enlarge_mask(low_res, mask_side, width, height);
}

Result<PromptTokens> Engine::State::checked_tokens(const ConceptPrompt& prompt, const ConceptOptions& options) const {
  if (Status status = check_options(options); !status) return status.error();
  if (Status status = check_count(prompt); !status) return status.error();
  if (!prompt.points.empty() && !detector->takes_points()) {
    return Error{ErrorCode::kUnsupported,
                 "the checkpoint of " + info.model +
                     " cannot take points for a concept (Hugging Face's naming leaves their weights out): use boxes"};
  }
  Result<PromptTokens> tokens = texts->tokens(prompt.text);
  if (!tokens || !tokens->empty()) return tokens;
  if (!prompt.has_positive_exemplar()) {
    return invalid("nothing to look for: give a text, or an exemplar that is not negative");
  }
  return texts->tokens(kVisualPrompt);
}

Status Engine::check_concept(const ConceptPrompt& prompt, const ConceptOptions& options) const {
  const Result<PromptTokens> tokens = state_->checked_tokens(prompt, options);
  return tokens ? Status{} : Status(tokens.error());
}

Result<ConceptAnswer> Engine::segment(const ConceptImage& image, const ConceptPrompt& prompt,
                                      const ConceptOptions& options) const {
  const ConceptDetector& detector = *state_->detector;
  ConceptAnswer answer;
  answer.width = image.original_width;
  answer.height = image.original_height;
  answer.mask_side = state_->info.config.low_res_mask_size();
  Stopwatch stopwatch;
  const auto lap = [&stopwatch] {
    const double elapsed_ms = stopwatch.elapsed_ms();
    stopwatch.restart();
    return elapsed_ms;
  };

  const Result<PromptTokens> tokens = state_->checked_tokens(prompt, options);
  if (!tokens) return tokens.error();
  if (Status status = check_places(prompt, image); !status) return status.error();
  const c10::InferenceMode no_gradients;
  const std::unique_ptr<TorchOps> ops = state_->make_ops();
  const auto text = state_->texts->features(*tokens, [&](std::span<const std::int64_t> ids) {
    const auto tokens_read = static_cast<int>(ids.size());
    return detector.encode_text(*ops, ops->integers({1, tokens_read}, ids), tokens_read);
  });
  answer.timing.text_ms = lap();

  const PromptSequence sequence =
      detector.prompt(*ops, image.features, text->tokens, text->valid, geometry_of(prompt, image));
  answer.timing.prompt_ms = lap();
  const Value memory = detector.fuse(*ops, image.features, sequence);
  answer.timing.fusion_ms = lap();

  const ConceptCandidates found = detector.detect(*ops, memory, sequence);
  answer.presence = sigmoid(HostArray(found.presence).all()[0]);
  const HostArray logits(found.logits);
  std::vector<float> scores;
  for (const float logit : logits.all()) scores.push_back(sigmoid(logit) * answer.presence);
  const std::vector<std::int64_t> kept = choose(scores, options);
  const HostArray boxes(ops->reshape(found.boxes, {-1, 4}));
  for (const std::int64_t query : kept) {
    answer.detections.push_back({scores[query], pixel_box(boxes[query], image), {}});
  }
  answer.timing.decoder_ms = lap();

  if (options.masks && !kept.empty()) {
    add_masks(detector, *ops, detector.pixels(*ops, image.features, memory, sequence), found.queries, kept,
              answer.detections);
  }
  answer.timing.masks_ms = lap();
  return answer;
}

}  // namespace samcache

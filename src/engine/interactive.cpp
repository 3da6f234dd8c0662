// Interactive prompts: checked, turned into the decoder's inputs, and its candidates into answers.
#include <c10/core/InferenceMode.h>

#include <cmath>

#include "engine/engine_state.h"
#include "engine/host_array.h"
#include "engine/prompt_checks.h"

namespace samcache {
namespace {

// The decoder's inputs for a batch of prompts; empty vectors where there is nothing.
struct PromptTensors {
  std::vector<float> coordinates;  // [B, P, 2]
  std::vector<float> labels;       // [B, P]
  std::vector<float> masks;        // [B, 1, 4G, 4G]
  std::int64_t points = 0;         // P
};

Status check_prompt(const InteractivePrompt& prompt, const PreparedImage& image, int mask_side) {
  for (const InteractivePrompt::Point& point : prompt.points) {
    if (Status status = check_point(point.x, point.y, image.original_width, image.original_height); !status) {
      return status;
    }
  }
  if (prompt.box) {
    if (Status status = check_box(*prompt.box, image.original_width, image.original_height); !status) return status;
  }
  const std::size_t mask_size = static_cast<std::size_t>(mask_side) * mask_side;
  if (!prompt.mask_input.empty() && prompt.mask_input.size() != mask_size) {
    return Error{ErrorCode::kInvalidArgument, "the mask input has " + std::to_string(prompt.mask_input.size()) +
                                                  " values; the model's is " + std::to_string(mask_side) + "x" +
                                                  std::to_string(mask_side) + " logits of an earlier answer"};
  }
  for (const float logit : prompt.mask_input) {
    if (!std::isfinite(logit))
      return Error{ErrorCode::kInvalidArgument, "the mask input has values that are not numbers"};
  }
  if (prompt.points.empty() && !prompt.box && prompt.mask_input.empty()) {
    return Error{ErrorCode::kInvalidArgument, "an empty prompt: give a point, a box or a mask"};
  }
  return {};
}

Status check_same_form(std::span<const InteractivePrompt> prompts) {
  const InteractivePrompt& first = prompts[0];
  for (const InteractivePrompt& prompt : prompts) {
    if (prompt.points.size() != first.points.size() || prompt.box.has_value() != first.box.has_value() ||
        prompt.mask_input.empty() != first.mask_input.empty()) {
      return Error{ErrorCode::kInvalidArgument,
                   "prompts of one batch must have the same number of points, and all or none a box or a mask"};
    }
  }
  return {};
}

PromptTensors prompt_tensors(std::span<const InteractivePrompt> prompts, const PreparedImage& image, int model_size) {
  const float scale_x = static_cast<float>(model_size) / static_cast<float>(image.original_width);
  const float scale_y = static_cast<float>(model_size) / static_cast<float>(image.original_height);
  PromptTensors out;
  const auto add_point = [&](float x, float y, PointLabel label) {
    out.coordinates.push_back(x * scale_x);
    out.coordinates.push_back(y * scale_y);
    out.labels.push_back(static_cast<float>(label));
  };
  for (const InteractivePrompt& prompt : prompts) {
    const std::size_t before = out.labels.size();
    if (prompt.box) {
      const auto& [x0, y0, x1, y1] = *prompt.box;
      add_point(x0, y0, PointLabel::kBoxTopLeft);
      add_point(x1, y1, PointLabel::kBoxBottomRight);
    }
    for (const InteractivePrompt::Point& point : prompt.points) {
      add_point(point.x, point.y, point.positive ? PointLabel::kPositive : PointLabel::kNegative);
    }
    if (out.labels.size() > before) add_point(0, 0, PointLabel::kPadding);
    out.points = static_cast<std::int64_t>(out.labels.size() - before);
    out.masks.insert(out.masks.end(), prompt.mask_input.begin(), prompt.mask_input.end());
  }
  return out;
}

InteractiveMask finish_mask(std::span<const float> candidate, float iou, int side, const PreparedImage& image,
                            const InteractiveOptions& options) {
  InteractiveMask out;
  out.predicted_iou = iou;
  std::vector<float> cleaned(candidate.begin(), candidate.end());
  clean_mask(cleaned, side, options.cleaning.value_or(CleaningOptions::for_masks(side)));
  out.mask = enlarge_mask(cleaned, side, image.original_width, image.original_height);
  if (options.return_logits) {
    out.logits = enlarge_logits(cleaned, side, image.original_width, image.original_height);
  }
  out.low_res.assign(candidate.begin(), candidate.end());
  clamp_logits(out.low_res);
  return out;
}

}  // namespace

Result<InteractiveAnswer> Engine::segment(const PreparedImage& image, const InteractivePrompt& prompt,
                                          const InteractiveOptions& options) const {
  Result<std::vector<InteractiveAnswer>> answers = segment_batch(image, {&prompt, 1}, options);
  if (!answers) return answers.error();
  return std::move((*answers)[0]);
}

Result<std::vector<InteractiveAnswer>> Engine::segment_batch(const PreparedImage& image,
                                                             std::span<const InteractivePrompt> prompts,
                                                             const InteractiveOptions& options) const {
  const Sam3Config& config = state_->info.config;
  const int side = config.low_res_mask_size();
  if (prompts.empty()) return std::vector<InteractiveAnswer>{};
  for (const InteractivePrompt& prompt : prompts) {
    if (Status status = check_prompt(prompt, image, side); !status) return status.error();
  }
  if (Status status = check_same_form(prompts); !status) return status.error();

  const c10::InferenceMode no_gradients;
  const std::unique_ptr<TorchOps> ops = state_->make_ops();
  const PromptTensors inputs = prompt_tensors(prompts, image, config.vit.image_size);
  const auto batch = static_cast<std::int64_t>(prompts.size());
  Value coordinates;
  Value labels;
  Value mask_input;
  if (inputs.points > 0) {
    coordinates = ops->constant({batch, inputs.points, 2}, inputs.coordinates);
    labels = ops->constant({batch, inputs.points}, inputs.labels);
  }
  if (!inputs.masks.empty()) mask_input = ops->constant({batch, 1, side, side}, inputs.masks);
  const MaskCandidates candidates = state_->model->decode(*ops, image.features, coordinates, labels, mask_input);

  const HostArray masks(candidates.masks);
  const HostArray iou(candidates.iou);
  const HostArray object_score(candidates.object_score);
  const std::size_t mask_size = static_cast<std::size_t>(side) * side;
  std::vector<InteractiveAnswer> answers(prompts.size());
  for (std::int64_t b = 0; b < batch; ++b) {
    InteractiveAnswer& answer = answers[b];
    answer.object_score = object_score[b][0];
    for (const int i : select_candidates(config.mask_decoder, masks[b].first(mask_size), iou[b], options.multimask)) {
      answer.masks.push_back(finish_mask(masks[b].subspan(i * mask_size, mask_size), iou[b][i], side, image, options));
    }
  }
  return answers;
}

}  // namespace samcache

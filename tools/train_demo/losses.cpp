#include "train_demo/losses.h"

#include "train_demo/assignment.h"

namespace samcache::train {
namespace {

constexpr double kFocalWeight = 10.0;
constexpr double kDiceWeight = 2.0;
constexpr double kL1Weight = 5.0;
constexpr double kGiouWeight = 2.0;
constexpr double kScoreCost = 2.0;

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  return at::binary_cross_entropy_with_logits(logits, targets, {}, {}, at::Reduction::None);
}

struct Corners {
  at::Tensor low, high;  // [..., 2]
};

Corners corners(const at::Tensor& boxes) {
  const at::Tensor centre = boxes.slice(-1, 0, 2);
  const at::Tensor half = boxes.slice(-1, 2, 4) * 0.5;
  return {centre - half, centre + half};
}

at::Tensor area(const at::Tensor& sides) { return sides.clamp_min(0).prod(-1); }

}  // namespace

at::Tensor mask_loss(const at::Tensor& logits, const at::Tensor& targets) {
  const at::Tensor probability = at::sigmoid(logits);
  const at::Tensor wrong = at::square(probability - targets);
  const at::Tensor focal = at::mean(wrong * cross_entropy(logits, targets), {-2, -1});
  const at::Tensor both = at::sum(probability * targets, {-2, -1});
  const at::Tensor either = at::sum(probability + targets, {-2, -1});
  const at::Tensor dice = 1.0 - (2.0 * both + 1.0) / (either + 1.0);
  return kFocalWeight * focal + kDiceWeight * dice;
}

at::Tensor mask_iou(const at::Tensor& logits, const at::Tensor& targets) {
  const at::Tensor found = logits.detach() > 0;
  const at::Tensor there = targets >= 0.5;
  const at::Tensor both = at::sum(at::logical_and(found, there), {-2, -1}).to(at::kFloat);
  const at::Tensor either = at::sum(at::logical_or(found, there), {-2, -1}).to(at::kFloat);
  return at::where(either > 0, both / either.clamp_min(1), at::ones_like(both));
}

at::Tensor generalised_iou(const at::Tensor& a, const at::Tensor& b) {
  const Corners first = corners(a);
  const Corners second = corners(b);
  const at::Tensor both = area(at::minimum(first.high, second.high) - at::maximum(first.low, second.low));
  const at::Tensor hull = area(at::maximum(first.high, second.high) - at::minimum(first.low, second.low));
  const at::Tensor either = area(first.high - first.low) + area(second.high - second.low) - both;
  return both / either.clamp_min(1e-6) - (hull - either) / hull.clamp_min(1e-6);
}

at::Tensor box_loss(const at::Tensor& predicted, const at::Tensor& target) {
  const at::Tensor distance = at::abs(predicted - target).sum(-1);
  return kL1Weight * distance + kGiouWeight * (1.0 - generalised_iou(predicted, target));
}

at::Tensor score_loss(const at::Tensor& logits, const at::Tensor& targets) {
  const at::Tensor weight = targets + (1.0 - targets) * at::square(at::sigmoid(logits.detach()));
  return weight * cross_entropy(logits, targets);
}

std::vector<std::int64_t> match(const at::Tensor& logits, const at::Tensor& boxes, const at::Tensor& targets) {
  const at::NoGradGuard no_gradients;
  const at::Tensor to_match = targets.unsqueeze(1);  // [N, 1, 4]
  const at::Tensor cost = (box_loss(boxes.unsqueeze(0), to_match) - kScoreCost * at::sigmoid(logits).unsqueeze(0))
                              .to(at::kCPU)
                              .contiguous();  // [N, Q]
  const std::span<const float> costs(cost.data_ptr<float>(), static_cast<std::size_t>(cost.numel()));
  const std::vector<int> columns = assign(costs, static_cast<int>(cost.size(0)), static_cast<int>(cost.size(1)));
  return {columns.begin(), columns.end()};
}

}  // namespace samcache::train

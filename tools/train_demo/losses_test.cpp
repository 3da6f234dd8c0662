#include "train_demo/losses.h"

#include <gtest/gtest.h>

namespace samcache::train {
namespace {

float scalar(const at::Tensor& x) { return x.item<float>(); }

// A square of ones in the upper left quarter, [8, 8].
at::Tensor quarter() {
  at::Tensor mask = at::zeros({8, 8});
  mask.slice(0, 0, 4).slice(1, 0, 4).fill_(1.0);
  return mask;
}

TEST(MaskLoss, IsNearNothingWhereTheMaskIsRightAndGrowsWithEveryMistake) {
  const at::Tensor target = quarter();
  const at::Tensor right = (target - 0.5) * 40.0;
  EXPECT_LT(scalar(mask_loss(right, target)), 1e-3);
  at::Tensor shifted = right.roll(1, 1);
  const float one_off = scalar(mask_loss(shifted, target));
  EXPECT_GT(one_off, 0.1F);
  EXPECT_GT(scalar(mask_loss(-right, target)), one_off);
}

TEST(MaskLoss, APixelThatIsHalfCoveredIsBestUndecided) {
  const at::Tensor half = at::full({1, 1}, 0.5);
  const auto at_logit = [&](double logit) { return scalar(mask_loss(at::full({1, 1}, logit), half)); };
  EXPECT_LT(at_logit(0.0), at_logit(1.0));
  EXPECT_LT(at_logit(0.0), at_logit(-1.0));
}

TEST(MaskLoss, HasAGradientEvenWhereEverythingIsSure) {
  at::Tensor logits = at::full({8, 8}, -30.0).requires_grad_(true);
  mask_loss(logits, quarter()).backward();
  EXPECT_TRUE(at::isfinite(logits.grad()).all().item<bool>());
  EXPECT_LT(logits.grad().slice(0, 0, 4).slice(1, 0, 4).max().item<float>(), 0.0F);  // pulls the object's pixels up
}

TEST(MaskIou, CountsPixels) {
  const at::Tensor target = quarter();
  EXPECT_FLOAT_EQ(scalar(mask_iou(target - 0.5, target)), 1.0F);
  EXPECT_FLOAT_EQ(scalar(mask_iou(at::full({8, 8}, 1.0), target)), 0.25F);
  EXPECT_FLOAT_EQ(scalar(mask_iou(at::full({8, 8}, -1.0), target)), 0.0F);
  EXPECT_FLOAT_EQ(scalar(mask_iou(at::full({8, 8}, -1.0), at::zeros({8, 8}))), 1.0F);
}

TEST(GeneralisedIou, IsOneForTheSameBoxAndFallsToMinusOneApart) {
  const at::Tensor box = at::tensor({0.5F, 0.5F, 0.2F, 0.4F});
  EXPECT_NEAR(scalar(generalised_iou(box, box)), 1.0, 1e-5);
  // Two squares side by side: they share nothing, and fill their hull.
  const at::Tensor left = at::tensor({0.5F, 0.5F, 1.0F, 1.0F});
  const at::Tensor right = at::tensor({1.5F, 0.5F, 1.0F, 1.0F});
  EXPECT_NEAR(scalar(generalised_iou(left, right)), 0.0, 1e-5);
  // With a gap of two more squares between them half the hull is empty.
  const at::Tensor far = at::tensor({3.5F, 0.5F, 1.0F, 1.0F});
  EXPECT_NEAR(scalar(generalised_iou(left, far)), -0.5, 1e-5);
}

TEST(Match, GivesEveryTargetTheQueryThatLiesOnIt) {
  const at::Tensor boxes =
      at::tensor({0.2F, 0.2F, 0.1F, 0.1F, 0.8F, 0.8F, 0.1F, 0.1F, 0.5F, 0.5F, 0.3F, 0.3F}).reshape({3, 4});
  const at::Tensor targets = at::tensor({0.5F, 0.5F, 0.3F, 0.3F, 0.2F, 0.2F, 0.1F, 0.1F}).reshape({2, 4});
  EXPECT_EQ(match(at::zeros({3}), boxes, targets), (std::vector<std::int64_t>{2, 0}));
}

TEST(ScoreLoss, WeighsWhatIsKnownAlreadyDown) {
  const at::Tensor no = at::zeros({1});
  EXPECT_LT(scalar(score_loss(at::full({1}, -4.0), no)), 1e-4);
  EXPECT_GT(scalar(score_loss(at::full({1}, 4.0), no)), 3.0);
  EXPECT_GT(scalar(score_loss(at::full({1}, -4.0), at::ones({1}))), 3.0);
}

}  // namespace
}  // namespace samcache::train

#include "train_demo/recognition_lesson.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train_demo/demo_config.h"

namespace samcache::train {
namespace {

class RecognitionTest : public ::testing::Test {
 protected:
  RecognitionTest() : config_(demo_config(600, 128)) {
    add_recognition_weights(config_, weights_);
    std::uint64_t seed = 1;
    do {
      examples_ = {make_example(seed++, config_, at::kCPU)};
    } while (examples_[0].objects.size() > 1);
  }

  at::Tensor trunk() const { return at::zeros({1, config_.vit.hidden, config_.vit.grid(), config_.vit.grid()}); }

  Sam3Config config_;
  NamedTensors weights_;
  std::vector<Example> examples_;
};

TEST_F(RecognitionTest, BeginsUndecidedBetweenAllThereIs) {
  Measurements measured;
  const double loss = token_recognition_loss(weights_, trunk(), examples_, measured).item<double>();
  const double undecided =
      std::log(scenes::kKinds + 1) + std::log(scenes::kColours + 1) + std::log(scenes::kPatterns + 1);
  EXPECT_GT(loss, undecided);  // and wrong about the edges and the shape
  EXPECT_LT(loss, undecided + 4 * 2 + 4 * std::log(2) + 1e-3);
}

TEST_F(RecognitionTest, SayingWhatLiesThereIsRight) {
  const scenes::SceneObject& object = examples_[0].objects[0];
  const auto loss_when_saying = [&](int kind) {
    NamedTensors weights = weights_;
    at::Tensor bias = at::zeros_like(weights_.at("training.recognition_of_tokens.bias"));
    bias[kind] = 10.0;
    weights["training.recognition_of_tokens.bias"] = bias;
    Measurements measured;
    const double loss = token_recognition_loss(weights, trunk(), examples_, measured).item<double>();
    const bool right = measured.text().find("token_kind 1.000") != std::string::npos;
    EXPECT_EQ(right, kind == static_cast<int>(object.kind)) << measured.text();
    return loss;
  };
  const int kind = static_cast<int>(object.kind);
  EXPECT_LT(loss_when_saying(kind), loss_when_saying((kind + 1) % scenes::kKinds));
}

TEST_F(RecognitionTest, EverythingItSaysHasAGradient) {
  for (auto& [name, tensor] : weights_) tensor.requires_grad_(true);
  Measurements measured;
  const at::Tensor level = at::ones({1, config_.fpn_width, config_.vit.grid(), config_.vit.grid()});
  (token_recognition_loss(weights_, trunk(), examples_, measured) +
   object_recognition_loss(weights_, level, examples_, measured))
      .backward();
  for (const auto& [name, tensor] : weights_) {
    if (!name.ends_with("bias")) continue;
    EXPECT_TRUE(at::isfinite(tensor.grad()).all().item<bool>()) << name;
    EXPECT_GT(tensor.grad().abs().sum().item<double>(), 0.0) << name;
  }
}

}  // namespace
}  // namespace samcache::train

// What a training run is at one moment: weights, their running average, the optimiser's memory, the step.
#pragma once

#include <torch/optim/adamw.h>

#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "train_demo/training_weights.h"

namespace samcache::train {

class TrainingState {
 public:
  // `weights` are used as they are, not copied, and require gradients from here on.
  explicit TrainingState(NamedTensors weights);

  const NamedTensors& weights() const { return weights_; }
  const NamedTensors& average() const { return average_; }
  std::int64_t step = 0;

  // Takes the gradients that `weights` hold, limits their common length, moves the weights and their average, and
  // forgets the gradients. -> the length before it was limited.
  double descend(double learning_rate);

  // Replaces the weights, and their average, by those of a checkpoint; keeps what it does not hold, and weights whose
  // names contain `kept`, unless that is empty.
  Status take_weights(const std::filesystem::path& model, std::string_view kept = {});

  Status save(const std::filesystem::path& path) const;
  // Of the same weights' names and shapes.
  Status load(const std::filesystem::path& path);

 private:
  NamedTensors weights_;
  NamedTensors average_;
  torch::optim::AdamW optimizer_;
};

}  // namespace samcache::train

// The weights that are being learnt, as the model code takes them.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "engine/torch_ops.h"
#include "model/config.h"
#include "model/layers.h"

namespace samcache::train {

// float32 tensors by canonical name (model/weights_table.h), on one device, sorted by name. Only those that the image
// model uses, and the semantic map's, which training alone looks at. Checkpoints of Hugging Face's naming cannot hold
// the detector's point projections, so they are left out.
using NamedTensors = std::map<std::string, at::Tensor>;

// What learning starts from. The same seed gives the same numbers everywhere.
NamedTensors initial_weights(const Sam3Config& config, std::uint64_t seed, at::Device device);

// Fixed at the start: the Fourier matrix of clicks is a buffer in the official code.
bool is_learnt(const std::string& name);

// Hands the tensors to the model, differentiably: matrices and their biases in the compute type, as the engine does.
class TrainingWeights : public WeightSource {
 public:
  TrainingWeights(const NamedTensors& tensors, at::ScalarType compute) : tensors_(tensors), compute_(compute) {}
  Value weight(const std::string& name, WeightRole role) override;
  bool has(const std::string& name) const override { return tensors_.contains(name); }

 private:
  const NamedTensors& tensors_;
  at::ScalarType compute_;
};

}  // namespace samcache::train

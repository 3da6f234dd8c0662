// A checkpoint's tensors on a device, in the precision each is used in. Internal to engine/.
#pragma once

#include <optional>

#include "engine/torch_ops.h"
#include "model/checkpoint.h"
#include "model/layers.h"

namespace samcache {

// Matrices and their biases take the compute type, norms and tables float32. A tensor that already is what it should
// be is used where the checkpoint maps it; anything else is a copy.
// WeightSource has no way to report failure, so the first one is kept: check `error` when done.
class TorchWeights : public WeightSource {
 public:
  TorchWeights(const Checkpoint& checkpoint, at::Device device, at::ScalarType compute)
      : checkpoint_(checkpoint), device_(device), compute_(compute) {}

  Value weight(const std::string& name, WeightRole role) override;
  bool has(const std::string& name) const override { return checkpoint_.tensor(name).ok(); }

  const std::optional<Error>& error() const { return error_; }

 private:
  const Checkpoint& checkpoint_;
  at::Device device_;
  at::ScalarType compute_;
  std::optional<Error> error_;
};

}  // namespace samcache

#include "engine/torch_weights.h"

#include "engine/torch_tensors.h"

namespace samcache {

Value TorchWeights::weight(const std::string& name, WeightRole role) {
  // After a failure the model is still put together, out of empty tensors, and then thrown away.
  if (error_) return TorchOps::wrap(at::empty({0}));
  Result<Tensor> stored = checkpoint_.tensor(name);
  if (!stored) {
    error_ = stored.error();
    return weight(name, role);
  }
  Result<at::Tensor> view = torch_view(*stored);
  if (!view) {
    error_ = view.error();
    return weight(name, role);
  }
  if (role == WeightRole::kLookup) return TorchOps::wrap(view->to(device_));
  const bool narrow = role == WeightRole::kMatrix || role == WeightRole::kVector;
  return TorchOps::wrap(view->to(device_, narrow ? compute_ : at::kFloat));
}

}  // namespace samcache

// What an Engine and a PreparedImage consist of. Internal to engine/.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "engine/torch_ops.h"
#include "model/sam3.h"

namespace samcache {

class PreparedImage {
 public:
  InteractiveFeatures features;
  int original_width = 0;  // pixels
  int original_height = 0;
};

struct Engine::State {
  EngineInfo info;
  at::Device device = at::kCPU;
  at::ScalarType compute = at::kFloat;    // of matrix products
  at::ScalarType stored = at::kBFloat16;  // of the encodings made here
  std::optional<Sam3ImageModel> model;
  Engine::TensorTap tap;

  // For one call: the fastest Ops for this device and precision, tapped if asked for.
  std::unique_ptr<TorchOps> make_ops() const;
};

}  // namespace samcache

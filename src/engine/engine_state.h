// What an Engine, a PreparedImage and a ConceptImage consist of. Internal to engine/.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "engine/text_memory.h"
#include "engine/torch_ops.h"
#include "model/concept_detector.h"
#include "model/sam3.h"

namespace samcache {

class PreparedImage {
 public:
  InteractiveFeatures features;
  int original_width = 0;  // pixels
  int original_height = 0;
};

class ConceptImage {
 public:
  ConceptFeatures features;
  int original_width = 0;  // pixels
  int original_height = 0;
};

struct Engine::State {
  EngineInfo info;
  at::Device device = at::kCPU;
  at::ScalarType compute = at::kFloat;    // of matrix products
  at::ScalarType stored = at::kBFloat16;  // of the encodings made here
  std::optional<Sam3ImageModel> model;
  std::optional<ConceptDetector> detector;
  mutable std::optional<TextMemory> texts;  // remembers; thread-safe
  Engine::TensorTap tap;

  // For one call: the fastest Ops for this device and precision, tapped if asked for.
  std::unique_ptr<TorchOps> make_ops() const;

  // A prompt's text, "visual" where there are only exemplars; fails with all that Engine::check_concept finds.
  Result<PromptTokens> checked_tokens(const ConceptPrompt& prompt, const ConceptOptions& options) const;

  // The tensors of `profile` on this device, derived where need be; checks that the encoding fits this model.
  Result<std::vector<Value>> profile_values(const Engine& engine, const Encoding& encoding, Profile profile) const;
};

}  // namespace samcache

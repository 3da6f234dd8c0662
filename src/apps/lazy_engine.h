// An engine that is loaded when something must be computed, and not before: whether an image is encoded already can be
// told from the model's fingerprint alone.
//
// Used by one thread.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"

namespace samcache {

class LazyEngine {
 public:
  explicit LazyEngine(EngineOptions options) : options_(std::move(options)) {}

  // Of the model's weights. Instant once a converted copy lies beside the checkpoint (it carries the fingerprint), else
  // the weights are read through once.
  Result<std::string> fingerprint();

  // Loads at the first call and prints the checkpoint's warnings. The engine lives as long as this object.
  Result<const Engine*> engine();

 private:
  EngineOptions options_;  // the fingerprint among them, once it is known: nothing finds it out twice
  std::unique_ptr<Engine> engine_;
};

}  // namespace samcache

#include "apps/lazy_engine.h"

#include "apps/console.h"
#include "model/checkpoint.h"
#include "model/fingerprint.h"

namespace samcache {

Result<std::string> LazyEngine::fingerprint() {
  if (!options_.fingerprint.empty()) return options_.fingerprint;
  CheckpointOptions checkpoint_options;
  checkpoint_options.converted_dtype = DType::kBF16;  // any copy would do; this is the one people make
  const Result<Checkpoint> checkpoint = Checkpoint::open(options_.model, checkpoint_options);
  if (!checkpoint) return as_failure(checkpoint.error());
  Result<std::string> fingerprint = model_fingerprint(*checkpoint, options_.threads);
  if (!fingerprint) return as_failure(fingerprint.error());
  options_.fingerprint = *fingerprint;
  return fingerprint;
}

Result<const Engine*> LazyEngine::engine() {
  if (engine_ == nullptr) {
    Result<std::unique_ptr<Engine>> loaded = Engine::load(options_);
    if (!loaded) return loaded.error();
    engine_ = std::move(*loaded);
    options_.fingerprint = engine_->info().fingerprint;
    for (const std::string& warning : engine_->info().warnings) print_warning(warning);
  }
  return static_cast<const Engine*>(engine_.get());
}

}  // namespace samcache

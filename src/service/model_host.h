// The model on one device, for everybody who prompts it and for the worker that encodes.
//
// Keeps images that are ready for prompts in the device tier (engine/device_cache.h), gives prompts the device before
// encodes (device_gate.h), and answers prompts that wait for the same image in one pass when that is faster.
//
// Thread-safe and blocking: whoever calls limits how many threads do. An image that was handed out stays ready for as
// long as somebody holds it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "engine/device_cache.h"
#include "engine/engine.h"
#include "service/device_gate.h"
#include "service/prompt_batcher.h"

namespace samcache {

struct ModelHostOptions {
  std::uint64_t device_cache_bytes = std::uint64_t{1} << 30;
  // Clicks on one image that are answered in one pass. 0: 8 on a CUDA device, whose time for a click is mostly that of
  // starting kernels; 1 on a CPU, where a pass takes as long as its clicks one by one.
  std::size_t max_prompt_batch = 0;
};

class ModelHost {
 public:
  ModelHost(std::unique_ptr<Engine> engine, const ModelHostOptions& options);

  const EngineInfo& info() const { return engine_->info(); }
  const Engine& engine() const { return *engine_; }

  // An encode at the device's leisure. `go_on` is asked between blocks; false ends it with kCancelled.
  Result<std::vector<Encoding>> encode(const RgbImage& image, const ImageIdentity& identity,
                                       std::span<const Profile> profiles, const std::function<bool()>& go_on);
  // As the engine's, at the device's leisure too.
  Result<Encoding> derive(const Encoding& from, Profile profile);
  Result<std::vector<Tensor>> seed_layout(const Encoding& encoding);

  // Where an encoding comes from when the device tier does not have the image ready.
  using Load = std::function<Result<Encoding>()>;
  // `was_ready` says whether it was in the device tier. Errors are those of `load`.
  Result<std::shared_ptr<const PreparedImage>> prepared(const std::string& image_key, const Load& load,
                                                        bool& was_ready);
  Result<std::shared_ptr<const ConceptImage>> concepts(const std::string& image_key, const Load& load, bool& was_ready);
  void forget(const std::string& image_key);

  // kUnavailable: the deadline came before the device was free.
  Result<InteractiveAnswer> segment(const std::shared_ptr<const PreparedImage>& image, const InteractivePrompt& prompt,
                                    const InteractiveOptions& options, Deadline deadline);
  Result<ConceptAnswer> segment(const std::shared_ptr<const ConceptImage>& image, const ConceptPrompt& prompt,
                                const ConceptOptions& options, Deadline deadline);

  PinnedCacheStats cache_stats() const { return cache_.stats(); }
  PromptBatcherStats batch_stats() const { return batcher_.stats(); }
  std::size_t waiting_prompts() const { return gate_.waiting_prompts(); }

 private:
  const std::unique_ptr<Engine> engine_;
  DeviceCache cache_;
  DeviceGate gate_;
  PromptBatcher batcher_;
};

}  // namespace samcache

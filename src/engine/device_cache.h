// The device tier: images that are ready for prompts, kept by key under a budget of bytes of the engine's device.
//
// It keeps what Engine::prepare and Engine::prepare_concepts make. The rules are those of pinned_cache.h: made once
// however many ask, never evicted while in use, least recently used first. Both kinds share the budget; the same key
// may have one of each.
//
// The caller chooses the keys. One must say all that the result depends on: the image and the model's fingerprint, for
// a cache that outlives an engine. Hold the pointer for as long as a prompt runs, or a session wants its image ready.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/pinned_cache.h"

namespace samcache {

// The device memory it keeps alive, in bytes.
std::uint64_t device_bytes(const PreparedImage& image);
std::uint64_t device_bytes(const ConceptImage& image);

class DeviceCache {
 public:
  template <class Image>
  using Make = std::function<Result<std::shared_ptr<const Image>>()>;

  explicit DeviceCache(std::uint64_t budget_bytes) : images_(budget_bytes) {}

  // The image kept under this key, or what `make` makes; its errors are passed on.
  Result<std::shared_ptr<const PreparedImage>> prepared(const std::string& key, const Make<PreparedImage>& make);
  Result<std::shared_ptr<const ConceptImage>> concepts(const std::string& key, const Make<ConceptImage>& make);

  // Both kinds.
  void forget(const std::string& key_prefix);

  PinnedCacheStats stats() const { return images_.stats(); }

 private:
  PinnedCache images_;
};

}  // namespace samcache

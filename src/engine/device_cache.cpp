#include "engine/device_cache.h"

#include <set>

#include "engine/engine_state.h"

namespace samcache {
namespace {

constexpr const char* kPrepared = "prepared/";
constexpr const char* kConcepts = "concepts/";

// Several values may be views of one storage; one that is a small part of it keeps all of it alive.
class StorageSum {
 public:
  void add(const Value& value) {
    if (!value) return;
    const at::Storage& storage = TorchOps::tensor(value).storage();
    if (seen_.insert(storage.unsafeGetStorageImpl()).second) bytes_ += storage.nbytes();
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::set<const void*> seen_;
  std::uint64_t bytes_ = 0;
};

template <class Image>
Result<std::shared_ptr<const Image>> get(PinnedCache& images, const std::string& key,
                                         const DeviceCache::Make<Image>& make) {
  const auto found = images.get(key, [&]() -> Result<PinnedCache::Made> {
    Result<std::shared_ptr<const Image>> image = make();
    if (!image) return image.error();
    const std::uint64_t size_bytes = device_bytes(**image);
    return PinnedCache::Made{*std::move(image), size_bytes};
  });
  if (!found) return found.error();
  return std::static_pointer_cast<const Image>(*found);
}

}  // namespace

std::uint64_t device_bytes(const PreparedImage& image) {
  StorageSum sum;
  for (const Value& value : {image.features.fine, image.features.middle, image.features.coarse}) sum.add(value);
  return sum.bytes();
}

std::uint64_t device_bytes(const ConceptImage& image) {
  StorageSum sum;
  sum.add(image.features.geometry.pooled_from);
  for (const KeysValues& pair : image.features.geometry.keys_values) {
    sum.add(pair.keys);
    sum.add(pair.values);
  }
  sum.add(image.features.geometry.no_exemplars);
  sum.add(image.features.fusion.tokens);
  sum.add(image.features.fusion.queries);
  for (const Value& value : image.features.masks) sum.add(value);
  return sum.bytes();
}

Result<std::shared_ptr<const PreparedImage>> DeviceCache::prepared(const std::string& key,
                                                                   const Make<PreparedImage>& make) {
  return get<PreparedImage>(images_, kPrepared + key, make);
}

Result<std::shared_ptr<const ConceptImage>> DeviceCache::concepts(const std::string& key,
                                                                  const Make<ConceptImage>& make) {
  return get<ConceptImage>(images_, kConcepts + key, make);
}

void DeviceCache::forget(const std::string& key_prefix) {
  images_.forget(kPrepared + key_prefix);
  images_.forget(kConcepts + key_prefix);
}

}  // namespace samcache

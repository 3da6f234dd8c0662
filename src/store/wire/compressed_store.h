// A store that keeps its objects compressed in another one: what is saved is encoded (wire_codec.h), what is loaded is
// decoded. For stores behind slow links; the names stay the same.
//
// An object for which compression does not pay is kept as it is, and one that was not encoded is handed out as it is:
// so this can be put before a store that has objects already. An object that happens to begin with a frame's magic is
// put in a frame in any case. Sizes that stat, list and usage tell are those of the inner store: as stored.
//
// A frame carries a digest of the content, which load checks (kCorrupt); objects that are kept as they are have none:
// VerifiedStore looks into both. Threads and failures: those of the inner store. Encoding and decoding happen on the
// caller's thread, a few ms for 10 MiB, and do not look at the deadline.
#pragma once

#include <memory>

#include "store/object_store.h"
#include "store/wire/wire_codec.h"

namespace samcache {

class CompressedStore : public ObjectStore {
 public:
  // Larger objects than `max_object_bytes` are refused (kTooLarge), on both ways.
  explicit CompressedStore(std::shared_ptr<ObjectStore> inner,
                           std::uint64_t max_object_bytes = kDefaultMaxWireOriginalBytes);

  std::string kind() const override { return inner_->kind(); }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;
  Status quarantine(const std::string& name, Deadline deadline) override;
  Pin pin(const std::string& name) override;
  StoreUsage usage() const override { return inner_->usage(); }

 private:
  std::shared_ptr<ObjectStore> inner_;
  std::uint64_t max_object_bytes_;
};

}  // namespace samcache

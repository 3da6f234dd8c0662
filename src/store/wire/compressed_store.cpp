#include "store/wire/compressed_store.h"

#include <utility>

#include "store/object_name.h"

namespace samcache {

CompressedStore::CompressedStore(std::shared_ptr<ObjectStore> inner, std::uint64_t max_object_bytes)
    : inner_(std::move(inner)), max_object_bytes_(max_object_bytes) {
  check(inner_ != nullptr, "CompressedStore: no inner store");
}

Result<std::optional<ObjectInfo>> CompressedStore::stat(const std::string& name, Deadline deadline) {
  return inner_->stat(name, deadline);
}

Result<std::optional<SharedBytes>> CompressedStore::load(const std::string& name, Deadline deadline) {
  auto stored = inner_->load(name, deadline);
  if (!stored || !stored->has_value() || !is_wire_frame(**stored)) return stored;
  Result<SharedBytes> original = decode_wire(**stored, max_object_bytes_);
  if (!original) return original.error().within("cannot decompress " + name);
  return std::optional(std::move(original).value());
}

Result<bool> CompressedStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode,
                                   Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();  // before the work
  if (bytes.size() > max_object_bytes_) {
    return Error{ErrorCode::kTooLarge, name + " has " + std::to_string(bytes.size()) + " bytes; the limit is " +
                                           std::to_string(max_object_bytes_)};
  }
  const WireTransform transform = choose_wire_transform(bytes);
  if (transform == WireTransform::kPlain && !is_wire_frame(bytes)) return inner_->save(name, bytes, mode, deadline);
  return inner_->save(name, encode_wire(bytes, transform), mode, deadline);
}

Result<bool> CompressedStore::remove(const std::string& name, Deadline deadline) {
  return inner_->remove(name, deadline);
}

Result<std::vector<ObjectInfo>> CompressedStore::list(const std::string& prefix, Deadline deadline) {
  return inner_->list(prefix, deadline);
}

Status CompressedStore::quarantine(const std::string& name, Deadline deadline) {
  return inner_->quarantine(name, deadline);
}

Pin CompressedStore::pin(const std::string& name) { return inner_->pin(name); }

}  // namespace samcache

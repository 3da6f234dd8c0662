#include "store/object_store.h"

namespace samcache {

Result<bool> ObjectStore::exists(const std::string& name, Deadline deadline) {
  const Result<std::optional<ObjectInfo>> info = stat(name, deadline);
  if (!info) return info.error();
  return info->has_value();
}

Status ObjectStore::quarantine(const std::string& name, Deadline deadline) {
  const Result<bool> removed = remove(name, deadline);
  if (!removed) return removed.error();
  return {};
}

Pin ObjectStore::pin(const std::string& name) {
  static_cast<void>(name);
  return nullptr;
}

Error deadline_error(const std::string& what) {
  return {ErrorCode::kUnavailable, "cannot " + what + ": the deadline has passed"};
}

}  // namespace samcache

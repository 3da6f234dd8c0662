#include "store/verified_store.h"

#include <utility>

#include "store/object_name.h"

namespace samcache {

VerifiedStore::VerifiedStore(std::shared_ptr<ObjectStore> inner, ContentCheck check, CorruptionListener on_corrupt)
    : inner_(std::move(inner)), check_(std::move(check)), on_corrupt_(std::move(on_corrupt)) {
  samcache::check(inner_ != nullptr && check_ != nullptr, "VerifiedStore: needs a store and a check");
}

Result<std::optional<ObjectInfo>> VerifiedStore::stat(const std::string& name, Deadline deadline) {
  return inner_->stat(name, deadline);
}

Result<std::optional<SharedBytes>> VerifiedStore::load(const std::string& name, Deadline deadline) {
  Result<std::optional<SharedBytes>> loaded = inner_->load(name, deadline);
  if (!loaded || !loaded->has_value()) return loaded;
  ++checked_;
  const Status status = check_(name, **loaded);
  if (status) return loaded;
  ++mismatches_;
  return read_once_more(name, status.error(), deadline);
}

std::optional<SharedBytes> VerifiedStore::read_once_more(const std::string& name, const Error& first,
                                                         Deadline deadline) {
  std::optional<SharedBytes> right;
  std::string outcome;
  const Result<std::optional<SharedBytes>> again = inner_->load(name, deadline);
  if (!again) {
    outcome = "it could not be read again (" + again.error().message + ")";  // nothing is known about what is at rest
  } else if (!again->has_value()) {
    outcome = "it was gone when read again";
  } else if (check_(name, **again)) {
    ++recovered_;
    right = **again;
    outcome = "it was right when read again";
  } else if (const Status put_aside = inner_->quarantine(name, deadline); put_aside) {
    ++quarantined_;
    outcome = "wrong again when read again: quarantined";
  } else {
    outcome = "wrong again when read again, and it cannot be quarantined (" + put_aside.error().message + ")";
  }
  if (on_corrupt_) on_corrupt_(name, first.message + "; " + outcome);
  return right;
}

Result<bool> VerifiedStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  ++checked_;
  if (const Status status = check_(name, bytes); !status) {
    ++refused_;
    return Error{ErrorCode::kCorrupt, "will not store " + name + ": " + status.error().message};
  }
  return inner_->save(name, bytes, mode, deadline);
}

Result<bool> VerifiedStore::remove(const std::string& name, Deadline deadline) {
  return inner_->remove(name, deadline);
}

Result<std::vector<ObjectInfo>> VerifiedStore::list(const std::string& prefix, Deadline deadline) {
  return inner_->list(prefix, deadline);
}

Status VerifiedStore::quarantine(const std::string& name, Deadline deadline) {
  return inner_->quarantine(name, deadline);
}

VerifiedStoreCounts VerifiedStore::counts() const {
  return {.checked = checked_,
          .mismatches = mismatches_,
          .recovered = recovered_,
          .quarantined = quarantined_,
          .refused = refused_};
}

}  // namespace samcache

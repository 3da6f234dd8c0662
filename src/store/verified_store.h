// A store that answers with right bytes or with a miss: what the inner store says is checked before anybody sees it.
//
// A flipped bit on the way is not a flipped bit at rest: bytes that fail the check are read once more. If they are
// wrong again the object is quarantined, so that it can be made anew, and the answer is a miss. Bytes that fail the
// check are not stored either: `save` refuses them with kCorrupt. Everything else passes through.
//
// Put it around stores whose bytes cross a disk or a network: a check costs a pass over the bytes at every load.
//
// Thread-safe where the inner store is (every store is) and where the two functions are: they are called on the
// threads of the callers, several at once.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "store/object_store.h"

namespace samcache {

// What is wrong with these bytes as the object of that name; success for objects it knows nothing about.
using ContentCheck = std::function<Status(const std::string& name, const SharedBytes& bytes)>;

// For logs: called once for every load whose first answer was wrong. `message` is one line: what was wrong, and what
// came of it.
using CorruptionListener = std::function<void(const std::string& name, const std::string& message)>;

struct VerifiedStoreCounts {
  std::uint64_t checked = 0;      // objects loaded or to be saved whose bytes were looked at; each load once
  std::uint64_t mismatches = 0;   // loads whose bytes were wrong at first
  std::uint64_t recovered = 0;    // of these: right when they were read once more
  std::uint64_t quarantined = 0;  // of these: wrong again, and put out of sight
  std::uint64_t refused = 0;      // saves of wrong bytes
};

class VerifiedStore : public ObjectStore {
 public:
  VerifiedStore(std::shared_ptr<ObjectStore> inner, ContentCheck check, CorruptionListener on_corrupt = {});

  std::string kind() const override { return inner_->kind(); }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  // A mismatch never is an error: also when the second read fails or the quarantine does, it is a miss.
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;
  Status quarantine(const std::string& name, Deadline deadline) override;
  Pin pin(const std::string& name) override { return inner_->pin(name); }
  StoreUsage usage() const override { return inner_->usage(); }

  VerifiedStoreCounts counts() const;

 private:
  std::optional<SharedBytes> read_once_more(const std::string& name, const Error& first, Deadline deadline);

  const std::shared_ptr<ObjectStore> inner_;
  const ContentCheck check_;
  const CorruptionListener on_corrupt_;
  std::atomic<std::uint64_t> checked_ = 0;
  std::atomic<std::uint64_t> mismatches_ = 0;
  std::atomic<std::uint64_t> recovered_ = 0;
  std::atomic<std::uint64_t> quarantined_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace samcache

// A store in this process's memory, under a byte budget: what was saved is handed out again without a copy.
//
// When room is wanted the least recently used objects go, but none that is pinned. An object counts against the budget
// for as long as it is kept here; bytes that somebody still holds after that are no longer this store's. An object
// larger than the budget, or than what pinned ones leave of it, is kOutOfSpace.
#pragma once

#include <memory>

#include "store/object_name.h"
#include "store/object_store.h"
#include "store/recency_index.h"

namespace samcache {

class MemoryStore : public ObjectStore {
 public:
  explicit MemoryStore(std::uint64_t budget_bytes);
  ~MemoryStore() override;

  std::string kind() const override { return "memory"; }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;
  Pin pin(const std::string& name) override;
  StoreUsage usage() const override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the pins, which may outlive the store
};

}  // namespace samcache

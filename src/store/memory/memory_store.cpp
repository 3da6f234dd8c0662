#include "store/memory/memory_store.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace samcache {

struct MemoryStore::State {
  struct Object {
    SharedBytes bytes;
    std::chrono::system_clock::time_point modified;
  };

  explicit State(std::uint64_t budget) : budget_bytes(budget) {}

  void erase(const std::string& name) {
    objects.erase(name);
    index.erase(name);
  }

  const std::uint64_t budget_bytes;
  mutable std::mutex mutex;
  std::unordered_map<std::string, Object> objects;
  RecencyIndex index;
  std::uint64_t evictions = 0;
};

MemoryStore::MemoryStore(std::uint64_t budget_bytes) : state_(std::make_shared<State>(budget_bytes)) {}

MemoryStore::~MemoryStore() = default;

Result<std::optional<ObjectInfo>> MemoryStore::stat(const std::string& name, Deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  const std::scoped_lock lock(state_->mutex);
  const auto found = state_->objects.find(name);
  if (found == state_->objects.end()) return std::optional<ObjectInfo>();
  return std::optional(ObjectInfo{name, found->second.bytes.size(), found->second.modified});
}

Result<std::optional<SharedBytes>> MemoryStore::load(const std::string& name, Deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  const std::scoped_lock lock(state_->mutex);
  const auto found = state_->objects.find(name);
  if (found == state_->objects.end()) return std::optional<SharedBytes>();
  state_->index.touch(name);
  return std::optional(found->second.bytes);
}

Result<bool> MemoryStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  const std::scoped_lock lock(state_->mutex);
  State& state = *state_;
  const std::uint64_t replaced_bytes = state.index.size_of(name).value_or(0);
  const bool there = state.objects.contains(name);
  if (there && mode == SaveMode::kKeep) return false;
  const std::uint64_t after_bytes = state.index.used_bytes() - replaced_bytes + bytes.size();
  if (after_bytes > state.budget_bytes) {
    // The object it replaces must not be counted twice: it is not to be evicted, its bytes go anyway.
    if (there) state.index.pin(name);
    const auto victims = state.index.victims(after_bytes - state.budget_bytes);
    if (there) state.index.unpin(name);
    if (!victims) {
      return Error{ErrorCode::kOutOfSpace, "no room in memory for " + name + " (" + std::to_string(bytes.size()) +
                                               " bytes; the budget is " + std::to_string(state.budget_bytes) + ")"};
    }
    for (const std::string& victim : *victims) state.erase(victim);
    state.evictions += victims->size();
  }
  state.objects.insert_or_assign(name, State::Object{bytes, std::chrono::system_clock::now()});
  state.index.put(name, bytes.size());
  return true;
}

Result<bool> MemoryStore::remove(const std::string& name, Deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  const std::scoped_lock lock(state_->mutex);
  const bool there = state_->objects.contains(name);
  state_->erase(name);
  return there;
}

Result<std::vector<ObjectInfo>> MemoryStore::list(const std::string& prefix, Deadline) {
  if (Status status = check_name_prefix(prefix); !status) return status.error();
  std::vector<ObjectInfo> found;
  {
    const std::scoped_lock lock(state_->mutex);
    for (const auto& [name, object] : state_->objects) {
      if (name.starts_with(prefix)) found.push_back({name, object.bytes.size(), object.modified});
    }
  }
  std::ranges::sort(found, {}, &ObjectInfo::name);
  return found;
}

Pin MemoryStore::pin(const std::string& name) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->index.pin(name);
  }
  return {static_cast<const void*>(this), [state = state_, name](const void*) {
            const std::scoped_lock lock(state->mutex);
            state->index.unpin(name);
          }};
}

StoreUsage MemoryStore::usage() const {
  const std::scoped_lock lock(state_->mutex);
  return {.objects = state_->index.count(),
          .used_bytes = state_->index.used_bytes(),
          .budget_bytes = state_->budget_bytes,
          .pinned_bytes = state_->index.pinned_bytes(),
          .evictions = state_->evictions};
}

}  // namespace samcache

// What every store can do: keep immutable objects (encodings, originals) by name.
//
// Stores speak bytes, block, and may be used by any number of threads at once. An object becomes visible whole, when
// `save` returns or a moment before, never in part; nobody changes one afterwards. Names are checked (object_name.h):
// one that breaks the rules is kInvalidArgument, never a path out of the store.
//
// A miss is a value. Errors: kUnavailable when it may work later (no connection, too busy, the deadline passed),
// kOutOfSpace when there is no room (of the disk or of the store's budget, and nothing that may be evicted), kTooLarge
// for an object over a stated limit, kIo and kCorrupt when trying again will not help. After an error of `save` the
// object is either there whole or not at all.
//
// Stores do not look into objects: VerifiedStore does, and wraps any of them; CompressedStore, TieredStore and the
// fault injection of the tests wrap stores, too. One suite of tests runs on all: testing/store_contract.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/deadline.h"
#include "base/error.h"

namespace samcache {

struct ObjectInfo {
  std::string name;
  std::uint64_t size_bytes = 0;  // as stored: of a compressed object fewer than `load` answers with
  std::chrono::system_clock::time_point modified = {};  // when it was saved; the epoch where that is not known
};

enum class SaveMode {
  kKeep,     // an object that is there already stays as it is
  kReplace,  // readers see the old one or the new one, never a mixture
};

// How full a store is. All zero where it cannot be told cheaply (a remote store).
struct StoreUsage {
  std::uint64_t objects = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t budget_bytes = 0;  // 0: no limit
  std::uint64_t pinned_bytes = 0;
  std::uint64_t evictions = 0;  // since this store was opened
};

// Keeps an object from being evicted for as long as it (or a copy) lives. Empty where nothing is ever evicted.
using Pin = std::shared_ptr<const void>;

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  // A word for metrics and messages: "memory", "disk", "share", "azure", "redis".
  virtual std::string kind() const = 0;

  // Nothing: no such object.
  virtual Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) = 0;
  Result<bool> exists(const std::string& name, Deadline deadline);

  // The whole object, or nothing when there is none. Counts as a use where the least recently used are evicted.
  virtual Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) = 0;

  // Whether this call stored the bytes: false when SaveMode::kKeep found an object there. Of several calls at once with
  // kKeep exactly one answers true.
  virtual Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) = 0;

  // Whether there was such an object.
  virtual Result<bool> remove(const std::string& name, Deadline deadline) = 0;

  // Every object whose name starts with `prefix`, sorted by name. Objects saved or removed meanwhile may or may not be
  // in it.
  virtual Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) = 0;

  // Takes an object whose bytes were found to be wrong out of sight: it is then a miss. Where a person may want to look
  // at it, it is kept aside; the default removes it.
  virtual Status quarantine(const std::string& name, Deadline deadline);

  // The object need not be there yet: a later save is pinned, too.
  virtual Pin pin(const std::string& name);

  virtual StoreUsage usage() const { return {}; }
};

// The error of an operation whose deadline has passed: kUnavailable, "cannot WHAT: the deadline has passed".
Error deadline_error(const std::string& what);

}  // namespace samcache

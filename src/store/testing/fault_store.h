// A store that fails on request, for tests: it wraps a real one and does to it what disks, memory and networks do.
//
// Faults come by probability, from one seeded sequence, or are asked for one by one with fail_next(). A fault that an
// operation cannot have (a cut list) is a plain run of it. Thread-safe; with several threads it depends on their order
// which call has which fault.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "store/object_store.h"

namespace samcache {

enum class Operation : std::uint8_t { kStat, kLoad, kSave, kRemove, kList, kQuarantine };
inline constexpr std::size_t kOperationCount = 6;

enum class Fault : std::uint8_t {
  kNone,
  kFlip,          // load: one bit of the answer is another; save: of what is stored, and all seems well
  kCut,           // load, save: the same with an end cut off
  kMiss,          // stat, load: nothing there; list: an empty one; remove: nothing was there
  kIo,            // the error of that code, and nothing is done
  kUnavailable,   // likewise
  kOutOfSpace,    // likewise
  kDelay,         // set_delay(), then the operation; kUnavailable when the deadline comes first
  kHang,          // nothing until the deadline, or until release_hung(); then kUnavailable
  kPartialWrite,  // save: a part is stored and the answer is kIo, as a store that breaks its contract would
  kLostAnswer,    // all is done, and the answer is kUnavailable
};
inline constexpr std::size_t kFaultCount = 11;

class FaultStore : public ObjectStore {
 public:
  FaultStore(std::shared_ptr<ObjectStore> inner, std::uint64_t seed);

  // From 0 to 1. Those of one operation add up to 1 at most: a call has one fault or none.
  void set_probability(Operation operation, Fault fault, double probability);
  // The next `times` calls of this operation have this fault, whatever the probabilities (kNone: go well); after those
  // asked for before.
  void fail_next(Operation operation, Fault fault, int times = 1);
  // No more faults of either kind.
  void heal();
  void set_delay(std::chrono::milliseconds delay);
  // Lets all calls go that hang now.
  void release_hung();

  // How often a fault happened, in all operations. A cut or a flip of no bytes does not count.
  std::uint64_t injected(Fault fault) const;

  std::string kind() const override { return inner_->kind(); }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;
  Status quarantine(const std::string& name, Deadline deadline) override;
  Pin pin(const std::string& name) override { return inner_->pin(name); }
  StoreUsage usage() const override { return inner_->usage(); }

 private:
  struct Plan {
    std::array<double, kFaultCount> probabilities = {};
    std::deque<Fault> next;
  };

  Fault choose(Operation operation);
  void count(Fault fault);
  std::chrono::milliseconds delay() const;
  Status before(Fault fault, const std::string& what, Deadline deadline);
  template <class T>
  Result<T> after(Fault fault, const std::string& what, Result<T> done, T miss);
  SharedBytes damaged(const SharedBytes& bytes, Fault fault);

  const std::shared_ptr<ObjectStore> inner_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::uint64_t releases_ = 0;
  std::mt19937_64 random_;
  std::array<Plan, kOperationCount> plans_;
  std::array<std::uint64_t, kFaultCount> injected_ = {};
  std::chrono::milliseconds delay_{1};
};

}  // namespace samcache

#include "store/testing/fault_store.h"

#include <numeric>
#include <thread>
#include <utility>

namespace samcache {
namespace {

Error lost_answer(const std::string& what) {
  return {ErrorCode::kUnavailable, "cannot " + what + ": the answer got lost (injected)"};
}

}  // namespace

FaultStore::FaultStore(std::shared_ptr<ObjectStore> inner, std::uint64_t seed)
    : inner_(std::move(inner)), random_(seed) {}

void FaultStore::set_probability(Operation operation, Fault fault, double probability) {
  const std::scoped_lock lock(mutex_);
  std::array<double, kFaultCount>& all = plans_[static_cast<std::size_t>(operation)].probabilities;
  all[static_cast<std::size_t>(fault)] = probability;
  check(std::accumulate(all.begin(), all.end(), 0.0) <= 1.0 + 1e-9, "FaultStore: probabilities of more than 1");
}

void FaultStore::fail_next(Operation operation, Fault fault, int times) {
  const std::scoped_lock lock(mutex_);
  std::deque<Fault>& next = plans_[static_cast<std::size_t>(operation)].next;
  next.insert(next.end(), static_cast<std::size_t>(times), fault);
}

void FaultStore::heal() {
  const std::scoped_lock lock(mutex_);
  plans_ = {};
}

void FaultStore::set_delay(std::chrono::milliseconds delay) {
  const std::scoped_lock lock(mutex_);
  delay_ = delay;
}

void FaultStore::release_hung() {
  const std::scoped_lock lock(mutex_);
  ++releases_;
  released_.notify_all();
}

std::chrono::milliseconds FaultStore::delay() const {
  const std::scoped_lock lock(mutex_);
  return delay_;
}

std::uint64_t FaultStore::injected(Fault fault) const {
  const std::scoped_lock lock(mutex_);
  return injected_[static_cast<std::size_t>(fault)];
}

Fault FaultStore::choose(Operation operation) {
  const std::scoped_lock lock(mutex_);
  Plan& plan = plans_[static_cast<std::size_t>(operation)];
  if (!plan.next.empty()) {
    const Fault fault = plan.next.front();
    plan.next.pop_front();
    return fault;
  }
  double left = std::uniform_real_distribution<double>(0, 1)(random_);
  for (std::size_t i = 1; i < kFaultCount; ++i) {
    if (left < plan.probabilities[i]) return static_cast<Fault>(i);
    left -= plan.probabilities[i];
  }
  return Fault::kNone;
}

void FaultStore::count(Fault fault) {
  const std::scoped_lock lock(mutex_);
  ++injected_[static_cast<std::size_t>(fault)];
}

// The faults that strike before the operation does anything.
Status FaultStore::before(Fault fault, const std::string& what, Deadline deadline) {
  const auto failure = [&](ErrorCode code) {
    count(fault);
    return Error{code, "cannot " + what + ": injected"};
  };
  switch (fault) {
    case Fault::kIo: return failure(ErrorCode::kIo);
    case Fault::kUnavailable: return failure(ErrorCode::kUnavailable);
    case Fault::kOutOfSpace: return failure(ErrorCode::kOutOfSpace);
    case Fault::kDelay: {
      count(fault);
      std::this_thread::sleep_until(deadline.within(delay()).time());
      if (deadline.passed()) return deadline_error(what);
      return {};
    }
    case Fault::kHang: {
      count(fault);
      std::unique_lock lock(mutex_);
      const auto is_released = [this, seen = releases_] { return releases_ != seen; };
      if (deadline.is_never()) {
        released_.wait(lock, is_released);
      } else {
        released_.wait_until(lock, deadline.time(), is_released);
      }
      return deadline_error(what);
    }
    default: return {};
  }
}

SharedBytes FaultStore::damaged(const SharedBytes& bytes, Fault fault) {
  const bool is_flip = fault == Fault::kFlip;
  const bool is_cut = fault == Fault::kCut || fault == Fault::kPartialWrite;
  if ((!is_flip && !is_cut) || bytes.empty()) return bytes;
  std::uint64_t random;
  {
    const std::scoped_lock lock(mutex_);
    random = random_();
    ++injected_[static_cast<std::size_t>(fault)];
  }
  if (is_cut) return bytes.slice(0, random % bytes.size());
  std::vector<std::byte> copy(bytes.span().begin(), bytes.span().end());
  const std::uint64_t bit = random % (8 * copy.size());
  copy[bit / 8] ^= std::byte{1} << (bit % 8);
  return SharedBytes(std::move(copy));
}

// The faults that strike what the operation answers with.
template <class T>
Result<T> FaultStore::after(Fault fault, const std::string& what, Result<T> done, T miss) {
  if (!done || (fault != Fault::kMiss && fault != Fault::kLostAnswer)) return done;
  count(fault);
  if (fault == Fault::kMiss) return miss;
  return lost_answer(what);
}

Result<std::optional<ObjectInfo>> FaultStore::stat(const std::string& name, Deadline deadline) {
  const Fault fault = choose(Operation::kStat);
  const std::string what = "stat " + name;
  if (Status status = before(fault, what, deadline); !status) return status.error();
  return after(fault, what, inner_->stat(name, deadline), {});
}

Result<std::optional<SharedBytes>> FaultStore::load(const std::string& name, Deadline deadline) {
  const Fault fault = choose(Operation::kLoad);
  const std::string what = "load " + name;
  if (Status status = before(fault, what, deadline); !status) return status.error();
  Result<std::optional<SharedBytes>> loaded = inner_->load(name, deadline);
  const bool is_damage = fault == Fault::kFlip || fault == Fault::kCut;
  if (is_damage && loaded && loaded->has_value()) return std::optional(damaged(**loaded, fault));
  return after(fault, what, std::move(loaded), {});
}

Result<bool> FaultStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) {
  const Fault fault = choose(Operation::kSave);
  const std::string what = "save " + name;
  if (Status status = before(fault, what, deadline); !status) return status.error();
  const Result<bool> saved = inner_->save(name, damaged(bytes, fault), mode, deadline);
  if (saved && fault == Fault::kPartialWrite) {
    return Error{ErrorCode::kIo, "cannot " + what + ": stored in part (injected)"};
  }
  return fault == Fault::kMiss ? saved : after(fault, what, saved, false);
}

Result<bool> FaultStore::remove(const std::string& name, Deadline deadline) {
  const Fault fault = choose(Operation::kRemove);
  const std::string what = "remove " + name;
  if (Status status = before(fault, what, deadline); !status) return status.error();
  return after(fault, what, fault == Fault::kMiss ? false : inner_->remove(name, deadline), false);
}

Result<std::vector<ObjectInfo>> FaultStore::list(const std::string& prefix, Deadline deadline) {
  const Fault fault = choose(Operation::kList);
  const std::string what = "list " + prefix;
  if (Status status = before(fault, what, deadline); !status) return status.error();
  return after(fault, what, inner_->list(prefix, deadline), {});
}

Status FaultStore::quarantine(const std::string& name, Deadline deadline) {
  const Fault fault = choose(Operation::kQuarantine);
  const std::string what = "quarantine " + name;
  if (Status status = before(fault, what, deadline); !status) return status;
  Status done = inner_->quarantine(name, deadline);
  if (!done || fault != Fault::kLostAnswer) return done;
  count(fault);
  return lost_answer(what);
}

}  // namespace samcache

#include "service/device_gate.h"

#include "base/error.h"

namespace samcache {

DeviceGate::Turn& DeviceGate::Turn::operator=(Turn&& other) noexcept {
  if (this != &other) {
    end();
    gate_ = std::exchange(other.gate_, nullptr);
  }
  return *this;
}

void DeviceGate::Turn::end() {
  if (gate_ == nullptr) return;
  const std::scoped_lock lock(gate_->mutex_);
  gate_->pass_on();
  gate_ = nullptr;
}

void DeviceGate::Turn::give_way() {
  check(gate_ != nullptr, "DeviceGate: give_way without a turn");
  std::unique_lock lock(gate_->mutex_);
  if (gate_->prompts_.empty()) return;
  Waiter self;
  gate_->encodes_.push_front(&self);
  gate_->pass_on();
  self.granted_changed.wait(lock, [&] { return self.granted; });
}

void DeviceGate::pass_on() {
  Queue& queue = prompts_.empty() ? encodes_ : prompts_;
  busy_ = !queue.empty();
  if (!busy_) return;
  Waiter* next = queue.front();
  queue.pop_front();
  next->granted = true;
  next->granted_changed.notify_one();  // under the lock: the waiter is gone as soon as it sees the grant
}

DeviceGate::Turn DeviceGate::prompt_turn(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (!busy_) {
    busy_ = true;
    return Turn(this);
  }
  Waiter self;
  const auto place = prompts_.insert(prompts_.end(), &self);
  const auto granted = [&] { return self.granted; };
  if (deadline.is_never()) {
    self.granted_changed.wait(lock, granted);
  } else if (!self.granted_changed.wait_until(lock, deadline.time(), granted)) {
    prompts_.erase(place);
    return {};
  }
  return Turn(this);
}

DeviceGate::Turn DeviceGate::encode_turn() {
  std::unique_lock lock(mutex_);
  if (!busy_) {
    busy_ = true;
    return Turn(this);
  }
  Waiter self;
  encodes_.push_back(&self);
  self.granted_changed.wait(lock, [&] { return self.granted; });
  return Turn(this);
}

std::size_t DeviceGate::waiting_prompts() const {
  const std::scoped_lock lock(mutex_);
  return prompts_.size();
}

std::size_t DeviceGate::waiting_encodes() const {
  const std::scoped_lock lock(mutex_);
  return encodes_.size();
}

}  // namespace samcache

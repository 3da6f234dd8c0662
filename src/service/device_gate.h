// Whose turn it is on a device: a prompt's before an encode's.
//
// A prompt takes milliseconds and somebody waits for it; an encode takes seconds and nobody does. One piece of work
// runs at a time, since each uses the whole device. An encode gives way between two blocks of the ViT: it calls
// `give_way` of its turn, which lets every prompt that waits go first.
//
// Thread-safe. Turns of one kind are taken in the order in which they were asked for. The gate outlives its turns.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <utility>

#include "base/deadline.h"

namespace samcache {

class DeviceGate {
 public:
  // The right to compute, until it is destroyed.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { end(); }

    // False: the deadline came before the turn did.
    explicit operator bool() const { return gate_ != nullptr; }
    // Of an encode's turn: lets the prompts that wait go first, then goes on. Requires the turn.
    void give_way();
    void end();

   private:
    friend class DeviceGate;
    explicit Turn(DeviceGate* gate) : gate_(gate) {}
    DeviceGate* gate_ = nullptr;
  };

  [[nodiscard]] Turn prompt_turn(Deadline deadline);
  [[nodiscard]] Turn encode_turn();

  std::size_t waiting_prompts() const;
  std::size_t waiting_encodes() const;

 private:
  struct Waiter {
    std::condition_variable granted_changed = {};
    bool granted = false;
  };
  using Queue = std::list<Waiter*>;

  void pass_on();  // with mutex_ held: the device to whoever is next

  mutable std::mutex mutex_;
  Queue prompts_;
  Queue encodes_;
  bool busy_ = false;
};

}  // namespace samcache

// Single flight: of many callers that want the same thing at the same time one does the work, the others wait for it.
//
// The one that works is the leader; it must land() its result. If it goes without (an exception, or it gave up), one of
// the waiting takes its place: nobody waits for a leader that is gone. Everybody waits no longer than he wants.
//
// What a flight brings may be older than a change that was made meanwhile: begin_anew() after the change sees to it
// that nobody who comes later gets it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/deadline.h"

namespace samcache {

template <class Value>
class Flights {
  struct Flight {
    bool led = false;
    int waiting = 0;
    std::optional<Value> landed;
    std::condition_variable changed;
  };

 public:
  // The right to do the work for one name; moves. Gives the lead away when it is destroyed without having landed.
  class Leader {
   public:
    Leader(Leader&& other) noexcept
        : flights_(std::exchange(other.flights_, nullptr)),
          name_(std::move(other.name_)),
          flight_(std::move(other.flight_)) {}
    Leader& operator=(Leader&&) = delete;
    ~Leader() {
      if (flights_ != nullptr) flights_->end(name_, flight_, std::nullopt);
    }
    // Hands `value` to everybody who waits now. Callers that come later begin anew.
    void land(Value value) { std::exchange(flights_, nullptr)->end(name_, flight_, std::move(value)); }

   private:
    friend class Flights;
    Leader(Flights* flights, std::string name, std::shared_ptr<Flight> flight)
        : flights_(flights), name_(std::move(name)), flight_(std::move(flight)) {}
    Flights* flights_;
    std::string name_;
    std::shared_ptr<Flight> flight_;
  };

  // Exactly one of the two; neither when the deadline passed.
  struct Boarding {
    std::optional<Leader> leader;
    std::optional<Value> value;
  };

  Boarding board(const std::string& name, Deadline deadline) {
    std::unique_lock lock(mutex_);
    std::shared_ptr<Flight>& place = flights_[name];
    if (!place) place = std::make_shared<Flight>();
    const std::shared_ptr<Flight> flight = place;
    const auto decided = [&] { return flight->landed.has_value() || !flight->led; };
    ++flight->waiting;
    bool in_time = true;
    if (deadline.is_never()) {
      flight->changed.wait(lock, decided);
    } else {
      in_time = flight->changed.wait_until(lock, deadline.time(), decided);
    }
    --flight->waiting;
    if (!in_time) return {};
    if (flight->landed) return {std::nullopt, flight->landed};
    flight->led = true;
    return {Leader(this, name, flight), std::nullopt};
  }

  // Who boards from now on does not join the flight that is under way; those who wait for it get what it brings.
  void begin_anew(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    flights_.erase(name);
  }

  // How many wait for this name's leader.
  int waiting(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto place = flights_.find(name);
    return place == flights_.end() ? 0 : place->second->waiting;
  }

 private:
  void end(const std::string& name, const std::shared_ptr<Flight>& flight, std::optional<Value> value) {
    const std::scoped_lock lock(mutex_);
    flight->led = false;
    // Without a result it stays for those who wait: the first of them to wake leads.
    const auto place = flights_.find(name);
    const bool is_over = value || flight->waiting == 0;
    if (is_over && place != flights_.end() && place->second == flight) flights_.erase(place);
    flight->landed = std::move(value);
    flight->changed.notify_all();
  }

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace samcache

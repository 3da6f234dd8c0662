// One thread that serves connections. Internal to http/.
//
// A connection belongs to one loop for its whole life and is touched by that loop's thread alone; others reach it by
// post(). A loop is asked to run what is due every tick: timeouts are looked at then, since setting a timer for every
// read and write would cost more than the requests do.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "http/asio_types.h"

namespace samcache::http {

// Posts to a loop from any thread, for as long as anybody likes: what is posted after its end is dropped.
class LoopHandle {
 public:
  explicit LoopHandle(asio::io_context& context) : context_(&context) {}
  void post(std::function<void()> task);
  // From now on everything is dropped.
  void detach();

 private:
  std::mutex mutex_;
  asio::io_context* context_;
};

// What lives on a loop and has timeouts.
class LoopMember {
 public:
  virtual ~LoopMember() = default;
  virtual void on_tick(std::chrono::steady_clock::time_point now) = 0;
  // The server stops: finish what runs, begin nothing.
  virtual void on_shutdown() = 0;
  // The time for that is over.
  virtual void on_abort() = 0;
};

class EventLoop {
 public:
  explicit EventLoop(std::chrono::milliseconds tick);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  // Ends the thread; coroutines that still wait are destroyed.
  ~EventLoop();

  void start();
  // Ends the thread when it is between two tasks, and waits for it.
  void stop();

  asio::io_context& context() { return context_; }
  const std::shared_ptr<LoopHandle>& handle() const { return handle_; }

  // The following on the loop's thread only.
  using Place = std::list<LoopMember*>::iterator;
  Place enlist(LoopMember* member) { return members_.insert(members_.end(), member); }
  void remove(Place place) { members_.erase(place); }
  void shut_down_members();
  void abort_members();
  // The Date header's value.
  const std::string& date() const { return date_; }

 private:
  void tick();
  template <class Visit>
  void for_each_member(const Visit& visit);

  const std::chrono::milliseconds tick_;
  std::list<LoopMember*> members_;  // before the context, whose end is the end of coroutines that take themselves off
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_{context_.get_executor()};
  Timer timer_{context_};
  const std::shared_ptr<LoopHandle> handle_ = std::make_shared<LoopHandle>(context_);
  std::string date_;
  std::jthread thread_;
};

// Lets one coroutine of a loop wait until something on the same loop sets it. On the loop's thread only.
class Signal {
 public:
  explicit Signal(asio::io_context& context) : timer_(context) {}
  void set();
  // Waits until it is set, and clears it; false when `until` came first.
  Task<bool> wait(std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max());

 private:
  Timer timer_;
  bool is_set_ = false;
};

}  // namespace samcache::http

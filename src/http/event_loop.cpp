#include "http/event_loop.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "http/response_head.h"

namespace samcache::http {

void LoopHandle::post(std::function<void()> task) {
  const std::scoped_lock lock(mutex_);
  if (context_ != nullptr) asio::post(*context_, std::move(task));
}

void LoopHandle::detach() {
  const std::scoped_lock lock(mutex_);
  context_ = nullptr;
}

EventLoop::EventLoop(std::chrono::milliseconds tick) : tick_(tick), date_(http_date_now()) {}

EventLoop::~EventLoop() {
  stop();
  handle_->detach();
}

void EventLoop::start() {
  tick();
  thread_ = std::jthread([this] { context_.run(); });
}

void EventLoop::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

// Visiting may remove the visited member, not others.
template <class Visit>
void EventLoop::for_each_member(const Visit& visit) {
  for (auto place = members_.begin(); place != members_.end();) visit(**place++);
}

void EventLoop::tick() {
  date_ = http_date_now();
  const auto now = std::chrono::steady_clock::now();
  for_each_member([now](LoopMember& member) { member.on_tick(now); });
  timer_.expires_after(tick_);
  timer_.async_wait([this](error_code ec) {
    if (!ec) tick();
  });
}

void EventLoop::shut_down_members() {
  for_each_member([](LoopMember& member) { member.on_shutdown(); });
}

void EventLoop::abort_members() {
  for_each_member([](LoopMember& member) { member.on_abort(); });
}

void Signal::set() {
  is_set_ = true;
  timer_.cancel();
}

Task<bool> Signal::wait(std::chrono::steady_clock::time_point until) {
  while (!is_set_) {
    if (until <= std::chrono::steady_clock::now()) co_return false;
    timer_.expires_at(until);
    error_code ec;
    co_await timer_.async_wait(into(ec));
  }
  is_set_ = false;
  co_return true;
}

}  // namespace samcache::http

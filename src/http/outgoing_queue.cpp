#include "http/outgoing_queue.h"

#include <algorithm>
#include <utility>

#include "http/web_socket.h"

namespace samcache::http {

bool OutgoingQueue::push(std::vector<OutgoingFrame> frames, std::string_view key) {
  std::size_t size = 0;
  for (const OutgoingFrame& frame : frames) size += frame.size();
  std::function<void()> wake;
  bool taken = true;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return false;
    const auto same = key.empty() ? messages_.end() : std::ranges::find(messages_, key, &Message::key);
    const std::size_t others = bytes_ - (same == messages_.end() ? 0 : same->size);
    if (others > 0 && others + size > max_bytes_) {
      messages_.clear();
      bytes_ = 0;
      close_locked(kCloseTryAgainLater, "the client reads too slowly");
      taken = false;
    } else if (same != messages_.end()) {
      same->frames = std::move(frames);
      same->size = size;
      bytes_ = others + size;
    } else {
      messages_.push_back({std::move(frames), std::string(key), size});
      bytes_ += size;
    }
    wake = wake_locked();
  }
  if (wake) wake();
  return taken;
}

void OutgoingQueue::close(std::uint16_t code, std::string_view reason) {
  std::function<void()> wake;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    close_locked(code, reason);
    wake = wake_locked();
  }
  if (wake) wake();
}

void OutgoingQueue::close_locked(std::uint16_t code, std::string_view reason) {
  closed_ = true;
  close_code_ = code;
  close_reason_ = reason;
}

std::function<void()> OutgoingQueue::wake_locked() {
  if (woken_ || !wake_) return {};
  woken_ = true;
  return wake_;
}

bool OutgoingQueue::is_closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

std::size_t OutgoingQueue::waiting_bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

void OutgoingQueue::attach(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::move(wake);
  woken_ = false;
}

OutgoingQueue::Taken OutgoingQueue::take() {
  const std::scoped_lock lock(mutex_);
  Taken taken;
  if (!messages_.empty()) {
    taken.frames = std::move(messages_.front().frames);
    bytes_ -= messages_.front().size;
    messages_.pop_front();
    return taken;
  }
  woken_ = false;
  if (closed_) {
    taken.is_last = true;
    taken.close_code = close_code_;
    taken.close_reason = close_reason_;
  }
  return taken;
}

void OutgoingQueue::finish() {
  std::function<void()> callback;
  {
    const std::scoped_lock lock(mutex_);
    if (finished_) return;
    finished_ = true;
    if (!closed_) close_locked(kCloseGoingAway, {});
    messages_.clear();
    bytes_ = 0;
    wake_ = nullptr;
    callback = std::exchange(finished_callback_, nullptr);
  }
  if (callback) callback();
}

void OutgoingQueue::on_finished(std::function<void()> callback) {
  {
    const std::scoped_lock lock(mutex_);
    if (!finished_) {
      finished_callback_ = std::move(callback);
      return;
    }
  }
  callback();
}

}  // namespace samcache::http

// What waits to be sent to one client: filled from any thread, emptied by the connection, bounded in bytes.
//
// A message is one or more frames that stay together. When a message finds no room the client is too slow: the queue is
// emptied and closed with 1013. (A message larger than the bound is taken when nothing else waits.) Thread-safe; the
// callbacks are called without the lock. Internal to http/, behind EventStream and WebSocketSender.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace samcache::http {

struct OutgoingFrame {
  bool is_binary = false;
  std::string text = {};   // when it is a text
  SharedBytes bytes = {};  // when it is binary
  std::size_t size() const { return is_binary ? bytes.size() : text.size(); }
};

class OutgoingQueue {
 public:
  explicit OutgoingQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // False: closed, or closed by this because there was no room. A waiting message of the same `key` (not "") is
  // replaced and keeps its place.
  bool push(std::vector<OutgoingFrame> frames, std::string_view key = {});
  // No more messages; what waits is still sent, then the connection is closed with `code`. The first call counts.
  void close(std::uint16_t code, std::string_view reason);
  bool is_closed() const;
  std::size_t waiting_bytes() const;

  // The connection's side. `wake` is called from any thread when there is something to take; it must not block.
  void attach(std::function<void()> wake);
  struct Taken {
    std::vector<OutgoingFrame> frames = {};  // empty: nothing waits
    bool is_last = false;                    // nothing waits and nothing will: close with the following
    std::uint16_t close_code = 0;
    std::string close_reason = {};
  };
  Taken take();
  // The connection is gone.
  void finish();
  // Called once, by finish(), or at once when that was before.
  void on_finished(std::function<void()> callback);

 private:
  struct Message {
    std::vector<OutgoingFrame> frames;
    std::string key;
    std::size_t size;
  };
  void close_locked(std::uint16_t code, std::string_view reason);
  // What to call after unlocking; empty when the connection knows already.
  std::function<void()> wake_locked();

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::deque<Message> messages_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  bool finished_ = false;
  bool woken_ = false;  // the connection was told and has not found the queue empty since
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
  std::function<void()> wake_;
  std::function<void()> finished_callback_;
};

}  // namespace samcache::http

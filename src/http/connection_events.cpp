#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdio>

#include "http/connection.h"
#include "http/outgoing_queue.h"

namespace samcache::http {
namespace {

// As one chunk, or as it is for HTTP/1.0.
std::string framed(std::string_view text, bool is_chunked) {
  if (!is_chunked) return std::string(text);
  std::array<char, 20> size;
  std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
  return std::string(size.data()).append(text).append("\r\n");
}

}  // namespace

// Until the stream is closed, the client leaves or the server stops. A client sends nothing meanwhile: reading from it
// tells when it leaves.
Task<bool> Connection::write_events(EventStream& stream, bool is_chunked) {
  const Counted open(core_->event_streams);
  const std::shared_ptr<OutgoingQueue>& queue = stream.queue();
  queue->attach(waker(&Connection::events_signal_));
  client_left_ = false;
  asio::co_spawn(
      loop_.context(), [self = shared_from_this()] { return self->watch_for_end(); }, asio::detached);

  std::string out = head_out_;
  bool is_lost = false;
  while (!is_lost && !client_left_ && !aborted_) {
    OutgoingQueue::Taken taken = queue->take();
    for (const OutgoingFrame& frame : taken.frames) out += framed(frame.text, is_chunked);
    if (taken.is_last && is_chunked) out += "0\r\n\r\n";
    if (!out.empty()) {
      bytes_out_ += out.size();
      std::array<iovec, 1> piece{{{out.data(), out.size()}}};
      expect_within(core_->limits().write_timeout);
      const bool sent = co_await stream_.write(piece, false, [] {});
      is_lost = !sent || timed_out_;
      expect_nothing();
      out.clear();
    }
    if (taken.is_last) break;
    if (!taken.frames.empty()) continue;
    if (core_->is_stopping) {
      queue->close(1001, {});
      continue;
    }
    const bool woken = co_await events_signal_.wait(Clock::now() + stream.options().heartbeat);
    if (!woken) out = framed(": \n\n", is_chunked);
  }
  queue->finish();
  stream_.cancel();
  co_await watch_signal_.wait();
  co_return !is_lost && !client_left_;
}

Task<void> Connection::watch_for_end() {
  std::array<char, 256> ignored;
  error_code ec;
  std::size_t got = 1;
  while (got > 0) got = co_await stream_.read_some(ignored, ec);
  client_left_ = ec != asio::error::operation_aborted;
  events_signal_.set();
  watch_signal_.set();
}

}  // namespace samcache::http

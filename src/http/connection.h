// One client's connection: reads requests one after the other, has them answered, writes the answers. Internal to
// http/.
//
// A coroutine on its loop's thread; everything here is touched by that thread alone. Whatever may block runs on a pool
// while the coroutine waits. It keeps itself alive until its coroutine ends, and frees its place among the peers then.
//   connection.cpp           the life of a connection, reading of heads, timeouts
//   connection_dispatch.cpp  which code answers: routes, filters, handlers on their pools
//   connection_body.cpp      the request's body
//   connection_answer.cpp    the response
//   connection_events.cpp    event streams
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "http/chunked_decoder.h"
#include "http/event_loop.h"
#include "http/pending_answer.h"
#include "http/request_head.h"
#include "http/server_core.h"
#include "http/stream.h"

namespace samcache::http {

class WebSocketConnection;

class Connection final : public LoopMember, public std::enable_shared_from_this<Connection> {
 public:
  // On the loop's thread. The peer was admitted by `core`; `peer` is its address.
  static void start(std::shared_ptr<ServerCore> core, EventLoop& loop, FileDescriptor socket, std::string peer);
  ~Connection() override;

  void on_tick(std::chrono::steady_clock::time_point now) override;
  void on_shutdown() override;
  void on_abort() override;

 private:
  using Clock = std::chrono::steady_clock;

  Connection(std::shared_ptr<ServerCore> core, EventLoop& loop, FileDescriptor socket, std::string peer);

  // The life of a connection.
  Task<void> run();
  Task<void> serve_requests();
  Task<bool> serve_request();  // false: the connection ends
  enum class HeadState { kComplete, kClosed, kRefused };
  Task<HeadState> read_head();  // into head_size_, or refusal_
  void identify();
  Task<void> close_politely();
  void observe(bool completed);
  void leave();

  // What is read and not yet used lies in [begin_, end_) of buffer_.
  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t size);
  // Reads more behind it, making room up to `max_bytes` in all; false: the end, a timeout, an error.
  Task<bool> receive(std::size_t max_bytes);

  // Unless changed again in time, what waits for the client is cancelled and timed_out_ set.
  void expect_within(std::chrono::milliseconds time) { expires_ = Clock::now() + time; }
  void expect_nothing() { expires_ = Clock::time_point::max(); }

  // Who answers. Nothing: a WebSocket took the connection over and has ended.
  Task<std::optional<HttpResponse>> answer();
  std::optional<HttpResponse> find_route();
  Task<std::optional<HttpResponse>> run_filters();
  Task<HttpResponse> call_handler();
  Task<std::optional<HttpResponse>> serve_web_socket();
  HttpResponse busy() const;
  // Runs `work` on a pool and waits for it; what it throws is thrown here. False: the pool's queue is full.
  Task<bool> run_on_pool(std::size_t pool, std::function<void()> work);
  // The same for a request that is under way: waits for room.
  Task<void> run_on_pool_when_free(std::size_t pool, std::function<void()> work);
  // A function that sets a signal of this connection from any thread, as long as there is one.
  std::function<void()> waker(Signal Connection::*signal);

  // The body. Nothing: it was read.
  Task<std::optional<HttpResponse>> read_body();
  std::optional<HttpResponse> refuse_body() const;
  Task<std::optional<HttpResponse>> buffer_body();
  Task<std::optional<HttpResponse>> stream_body(BodySink& sink);
  Task<std::optional<HttpResponse>> open_and_stream_body();
  Task<std::optional<HttpResponse>> read_form();
  Task<void> send_continue();
  // The next piece, decoded, valid until the next call; empty: the end, or a fault in refusal_.
  Task<std::string_view> next_body_piece();
  Task<bool> discard_body();
  void limit_body_rate();

  // The response. False: the connection cannot be used any more.
  Task<bool> respond(HttpResponse response);
  Task<bool> write_body(const HttpResponse& response);
  Task<bool> write_events(EventStream& stream, bool is_chunked);
  Task<void> watch_for_end();
  bool may_keep_alive(const HttpResponse& response) const;

  const std::shared_ptr<ServerCore> core_;
  EventLoop& loop_;
  const std::string peer_;
  Stream stream_;
  EventLoop::Place place_;
  bool has_left_ = false;

  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Clock::time_point expires_ = Clock::time_point::max();
  bool timed_out_ = false;
  bool is_idle_ = false;  // between two requests
  bool aborted_ = false;
  bool lingers_ = false;  // the client may be sending still
  std::size_t requests_ = 0;

  // Of the request that is served.
  std::shared_ptr<HttpRequest> request_ = std::make_shared<HttpRequest>();
  RequestFraming framing_;
  std::size_t head_size_ = 0;
  std::optional<Refusal> refusal_;
  Clock::time_point started_;
  std::shared_ptr<PendingAnswer> pending_;
  WebSocketConnection* web_socket_ = nullptr;
  bool client_left_ = false;  // while events are written
  int status_ = 0;
  std::uint64_t bytes_out_ = 0;

  // Of its body.
  bool body_is_read_ = false;
  std::uint64_t body_left_ = 0;  // not chunked
  std::unique_ptr<ChunkedDecoder> chunked_;
  std::string chunk_data_;
  std::uint64_t body_received_ = 0;
  Clock::time_point body_started_;

  std::string head_out_;
  Signal answer_signal_;
  Signal pool_signal_;
  Signal events_signal_;
  Signal watch_signal_;
};

}  // namespace samcache::http

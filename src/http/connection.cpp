#include "http/connection.h"

#include <poll.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "http/outgoing_queue.h"
#include "http/tokens.h"
#include "http/web_socket_connection.h"

namespace samcache::http {
namespace {

constexpr std::size_t kFirstBufferBytes = 4 << 10;
constexpr std::size_t kIdleBufferBytes = 16 << 10;  // more is given back between requests
// A client that has not read the answer yet would lose it if the connection were closed with bytes of its own unread.
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::chrono::milliseconds kLastLingerTime{200};  // when the server stops
constexpr std::size_t kLingerBytes = 1 << 20;

}  // namespace

void Connection::start(std::shared_ptr<ServerCore> core, EventLoop& loop, FileDescriptor socket, std::string peer) {
  std::shared_ptr<Connection> connection(new Connection(std::move(core), loop, std::move(socket), std::move(peer)));
  asio::co_spawn(
      loop.context(), [connection] { return connection->run(); }, asio::detached);
}

Connection::Connection(std::shared_ptr<ServerCore> core, EventLoop& loop, FileDescriptor socket, std::string peer)
    : core_(std::move(core)),
      loop_(loop),
      peer_(std::move(peer)),
      stream_(loop.context(), std::move(socket), core_->tls()),
      place_(loop.enlist(this)),
      answer_signal_(loop.context()),
      pool_signal_(loop.context()),
      events_signal_(loop.context()),
      watch_signal_(loop.context()) {}

Connection::~Connection() { leave(); }

void Connection::leave() {
  if (std::exchange(has_left_, true)) return;
  loop_.remove(place_);
  core_->leave(peer_);
}

Task<void> Connection::run() {
  try {
    co_await serve_requests();
  } catch (const std::exception& error) {  // a bug; the other connections are none the worse for it
    core_->report("connection of " + peer_ + ": " + error.what());
  }
  stream_.close();
  leave();
}

Task<void> Connection::serve_requests() {
  expect_within(core_->limits().header_timeout);
  const bool connected = co_await stream_.handshake();
  if (!connected) co_return;
  for (bool go_on = true; go_on;) go_on = co_await serve_request();
  co_await close_politely();
}

Task<bool> Connection::serve_request() {
  const HeadState head = co_await read_head();
  if (head == HeadState::kClosed) co_return false;
  ++requests_;
  const Counted running(core_->requests_running);
  if (request_.use_count() > 1) request_ = std::make_shared<HttpRequest>();  // somebody still reads the last one
  if (head == HeadState::kComplete) {
    refusal_ = parse_request_head(unread().substr(0, head_size_), core_->limits(), *request_, framing_);
    consume(head_size_);
  } else {
    parse_request_head({}, core_->limits(), *request_, framing_);  // forgets the last one
  }
  identify();
  std::optional<HttpResponse> response;
  if (refusal_) {
    framing_.keep_alive = false;
    response = problem(refusal_->status, refusal_->detail);
  } else {
    try {
      response = co_await answer();
    } catch (const std::exception& error) {
      core_->report(std::string(request_->method()) + " " + std::string(request_->path()) + ": " + error.what());
      response = problem(500, "the server failed; its log says why");
    }
  }
  if (!response) co_return false;
  const bool sent = co_await respond(std::move(*response));
  observe(sent);
  lingers_ = refusal_.has_value() || (framing_.has_body() && !body_is_read_);
  if (!sent || !framing_.keep_alive) co_return false;
  const bool clean = co_await discard_body();
  lingers_ = !clean;
  co_return clean;
}

// Everything about the request that does not stand in its head, and a clean slate for the rest.
void Connection::identify() {
  RequestParts& parts = parts_of(*request_);
  parts.peer = peer_;
  parts.is_secure = stream_.is_tls();
  if (core_->is_trusted_proxy(peer_)) {
    // The last address is the one that the proxy saw itself; those before are the client's own claims.
    std::string_view forwarded = request_->header("X-Forwarded-For").value_or("");
    const std::string_view last = trimmed(forwarded.substr(forwarded.rfind(',') + 1));
    if (!last.empty() && last.size() <= 45) parts.peer = last;
    parts.is_secure |= request_->header("X-Forwarded-Proto") == "https";
  }
  pending_.reset();
  body_is_read_ = false;
  body_left_ = framing_.content_length;
  chunked_.reset();
  body_received_ = 0;
  status_ = 0;
  bytes_out_ = 0;
}

Task<Connection::HeadState> Connection::read_head() {
  const HttpLimits& limits = core_->limits();
  refusal_.reset();
  if (buffer_.size() > kIdleBufferBytes && unread().empty()) {
    buffer_ = std::string();
    begin_ = end_ = 0;
  }
  std::size_t searched = 0;
  started_ = Clock::now();
  if (unread().empty()) {
    is_idle_ = true;
    expect_within(requests_ == 0 ? limits.header_timeout : limits.idle_timeout);
  } else {
    expect_within(limits.header_timeout);
  }
  while (true) {
    while (searched == 0 && unread().starts_with("\r\n")) consume(2);  // old clients send one after a body
    const std::size_t end = unread().find("\r\n\r\n", searched);
    if (end != std::string_view::npos) {
      head_size_ = end + 4;
      co_return HeadState::kComplete;
    }
    if (unread().size() > limits.max_header_bytes) {
      const bool in_target = unread().find('\n') == std::string_view::npos;
      refusal_ = in_target ? Refusal{414, "the target is too long"} : Refusal{431, "the head is too long"};
      co_return HeadState::kRefused;
    }
    searched = unread().size() < 3 ? 0 : unread().size() - 3;
    if (is_idle_ && core_->is_stopping) co_return HeadState::kClosed;
    const bool got = co_await receive(limits.max_header_bytes + 1);
    if (!got) {
      const bool is_late = timed_out_ && !unread().empty();
      if (is_late) refusal_ = Refusal{408, "the request's head did not come in time"};
      co_return is_late ? HeadState::kRefused : HeadState::kClosed;
    }
    if (is_idle_) {
      is_idle_ = false;
      started_ = Clock::now();
      expect_within(limits.header_timeout);
    }
  }
}

void Connection::consume(std::size_t size) {
  begin_ += size;
  if (begin_ == end_) begin_ = end_ = 0;
}

Task<bool> Connection::receive(std::size_t max_bytes) {
  if (timed_out_ || aborted_) co_return false;
  if (end_ == buffer_.size() && begin_ > 0) {
    buffer_.erase(0, begin_);
    buffer_.resize(end_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (end_ >= max_bytes) co_return false;
    buffer_.resize(std::min(std::max(kFirstBufferBytes, 2 * buffer_.size()), std::max(max_bytes, kFirstBufferBytes)));
  }
  error_code ec;
  const std::size_t size = co_await stream_.read_some(std::span(buffer_).subspan(end_), ec);
  end_ += size;
  co_return size > 0 && !aborted_;
}

Task<void> Connection::close_politely() {
  if (aborted_) co_return;
  timed_out_ = false;
  expect_within(core_->is_stopping ? kLastLingerTime : kLingerTime);
  co_await stream_.shut_down();
  if (!lingers_ && unread().empty()) co_return;
  std::size_t left = kLingerBytes;
  while (left > 0) {
    begin_ = end_ = 0;
    const bool got = co_await receive(kFirstBufferBytes);
    if (!got) break;
    left -= std::min(left, end_);
  }
  expect_nothing();
}

void Connection::observe(bool completed) {
  if (!core_->options().observer) return;
  RequestRecord record;
  record.method = request_->method();
  record.target = request_->target();
  record.route = request_->route() == nullptr ? std::string_view() : request_->route()->pattern;
  record.status = status_;
  record.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  record.bytes_in = body_received_;
  record.bytes_out = bytes_out_;
  record.request_id = request_->id();
  record.traceparent = request_->traceparent();
  record.peer = request_->peer();
  record.user_agent = request_->header("User-Agent").value_or("");
  record.completed = completed;
  record.request = refusal_ ? nullptr : request_.get();
  core_->options().observer(record);
}

void Connection::on_tick(Clock::time_point now) {
  if (now >= expires_) {
    timed_out_ = true;
    expect_nothing();
    stream_.cancel();
  }
  if (pending_ != nullptr) {
    pollfd socket{stream_.native_handle(), POLLRDHUP, 0};
    if (poll(&socket, 1, 0) > 0) pending_->note_client_left();
  }
}

void Connection::on_shutdown() {
  if (is_idle_) stream_.cancel();
  events_signal_.set();
  if (web_socket_ != nullptr) web_socket_->go_away();
}

void Connection::on_abort() {
  aborted_ = true;
  stream_.cancel();
  answer_signal_.set();
  events_signal_.set();
  if (web_socket_ != nullptr) web_socket_->abort();
}

}  // namespace samcache::http

#include "http/web_socket_connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <exception>
#include <string>
#include <utility>

#include "http/header_list.h"
#include "http/outgoing_queue.h"

namespace samcache::http {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::chrono::seconds kHandshakeTimeout{5};
constexpr std::size_t kKeptBufferBytes = 64 << 10;
constexpr std::uint16_t kCloseAbnormal = 1006;
constexpr std::uint16_t kCloseProtocolError = 1002;
constexpr std::uint16_t kCloseBadPayload = 1007;

beast::string_view beast_view(std::string_view text) { return {text.data(), text.size()}; }

beast::http::request<beast::http::empty_body> beast_request(const HttpRequest& request) {
  beast::http::request<beast::http::empty_body> copy;
  copy.method_string(beast_view(request.method()));
  copy.target(beast_view(request.target()));
  copy.version(static_cast<unsigned>(request.version()));
  for (const auto& [name, value] : request.headers()) copy.insert(beast_view(name), beast_view(value));
  return copy;
}

// What the session is told about the end.
std::uint16_t close_code_of(const error_code& ec, const websocket::close_reason& reason) {
  if (ec == websocket::error::closed) return reason.code == websocket::close_code::none ? 1005 : reason.code;
  if (ec == websocket::error::message_too_big || ec == websocket::error::buffer_overflow) return kCloseTooBig;
  if (ec == websocket::error::bad_frame_payload) return kCloseBadPayload;
  if (ec == websocket::condition::protocol_violation) return kCloseProtocolError;
  return kCloseAbnormal;
}

}  // namespace

class WebSocketConnection::Impl {
 public:
  Impl(Stream& stream, EventLoop& loop, std::shared_ptr<WebSocketSession> session, const WebSocketLimits& limits,
       std::chrono::milliseconds write_timeout)
      : loop_(loop),
        stream_(stream),
        socket_(stream),
        session_(std::move(session)),
        queue_(std::make_shared<OutgoingQueue>(limits.max_queue_bytes)),
        wake_(std::make_shared<Signal>(loop.context())),
        writer_ended_(loop.context()),
        write_timer_(loop.context()),
        write_timeout_(write_timeout) {
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = kHandshakeTimeout;
    timeout.idle_timeout = limits.idle_timeout;
    timeout.keep_alive_pings = true;
    socket_.set_option(timeout);
    websocket::permessage_deflate deflate;
    deflate.server_enable = limits.compression;
    socket_.set_option(deflate);
    socket_.read_message_max(limits.max_message_bytes);
    socket_.auto_fragment(false);  // else frames of 4 KiB; this way a payload is sent from where it lies
  }

  Task<bool> accept(const HttpRequest& request, std::string_view common_headers) {
    const std::string protocol = choose_subprotocol(request.header("Sec-WebSocket-Protocol").value_or(""));
    socket_.set_option(websocket::stream_base::decorator([&](websocket::response_type& response) {
      if (is_header_name(protocol)) response.set("Sec-WebSocket-Protocol", beast_view(protocol));
      response.set("X-Request-Id", beast_view(request.id()));
      std::string_view lines = common_headers;
      while (!lines.empty()) {
        const std::size_t end = lines.find("\r\n");
        const std::size_t colon = lines.find(": ");
        response.set(beast_view(lines.substr(0, colon)), beast_view(lines.substr(colon + 2, end - colon - 2)));
        lines.remove_prefix(end + 2);
      }
    }));
    const auto copy = beast_request(request);
    error_code ec;
    co_await socket_.async_accept(copy, into(ec));
    co_return !ec;
  }

  Task<void> run(std::shared_ptr<void> keep_alive, WebSocketSender sender) {
    queue_->attach([handle = loop_.handle(), weak = std::weak_ptr<Signal>(wake_)] {
      handle->post([weak] {
        if (const std::shared_ptr<Signal> signal = weak.lock()) signal->set();
      });
    });
    asio::co_spawn(
        loop_.context(), [this, keep_alive] { return write_queue(keep_alive); }, asio::detached);
    call([&] { session_->on_open(std::move(sender)); });
    const error_code ec = co_await read_messages();
    const websocket::close_reason reason = socket_.reason();
    queue_->finish();
    has_ended_ = true;
    wake_->set();
    stream_.cancel();  // a write that the client does not take
    co_await writer_ended_.wait();
    call([&] { session_->on_close(close_code_of(ec, reason), {reason.reason.data(), reason.reason.size()}); });
  }

  void go_away() { queue_->close(kCloseGoingAway, "the server stops"); }

  void abort() {
    has_ended_ = true;
    wake_->set();
    stream_.cancel();
  }

  const std::shared_ptr<OutgoingQueue>& queue() const { return queue_; }

 private:
  // The session is code of others: what it throws ends its connection, not the server.
  template <class Call>
  void call(const Call& function) {
    try {
      function();
    } catch (const std::exception&) {
      queue_->close(kCloseInternalError, "the session failed");
    }
  }

  Task<error_code> read_messages() {
    beast::flat_buffer buffer;
    error_code ec;
    while (true) {
      co_await socket_.async_read(buffer, into(ec));
      if (ec) co_return ec;
      const auto data = buffer.cdata();
      const std::string_view message(static_cast<const char*>(data.data()), data.size());
      call([&] { socket_.got_text() ? session_->on_text(message) : session_->on_binary(bytes_of(message)); });
      buffer.consume(buffer.size());
      if (buffer.capacity() > kKeptBufferBytes) buffer = beast::flat_buffer();
    }
  }

  Task<void> write_queue(std::shared_ptr<void> /*keep_alive*/) {
    error_code ec;
    while (!ec && !has_ended_) {
      const OutgoingQueue::Taken taken = queue_->take();
      for (const OutgoingFrame& frame : taken.frames) {
        if (ec) break;
        socket_.binary(frame.is_binary);
        const auto payload = frame.is_binary ? asio::const_buffer(frame.bytes.data(), frame.bytes.size())
                                             : asio::const_buffer(frame.text.data(), frame.text.size());
        start_write_timer();
        co_await socket_.async_write(payload, into(ec));
        write_timer_.cancel();
      }
      if (taken.is_last) {
        const websocket::close_reason reason(static_cast<websocket::close_code>(taken.close_code),
                                             beast_view(taken.close_reason));
        co_await socket_.async_close(reason, into(ec));
        break;
      }
      if (taken.frames.empty()) co_await wake_->wait();
    }
    writer_ended_.set();
  }

  // A client that takes nothing of a frame for so long is given up; its own frames do not count.
  void start_write_timer() {
    write_timer_.expires_after(write_timeout_);
    write_timer_.async_wait([this, wake = std::weak_ptr<Signal>(wake_)](error_code ec) {
      if (!ec && !wake.expired()) abort();
    });
  }

  EventLoop& loop_;
  Stream& stream_;
  websocket::stream<Stream&> socket_;
  const std::shared_ptr<WebSocketSession> session_;
  const std::shared_ptr<OutgoingQueue> queue_;
  const std::shared_ptr<Signal> wake_;
  Signal writer_ended_;
  Timer write_timer_;
  const std::chrono::milliseconds write_timeout_;
  bool has_ended_ = false;
};

WebSocketConnection::WebSocketConnection(Stream& stream, EventLoop& loop,
                                         const std::shared_ptr<WebSocketSession>& session,
                                         const WebSocketLimits& limits, std::chrono::milliseconds write_timeout)
    : impl_(std::make_unique<Impl>(stream, loop, session, limits, write_timeout)) {
  session->sender_ = WebSocketSender(impl_->queue());
}

WebSocketConnection::~WebSocketConnection() = default;

Task<bool> WebSocketConnection::accept(const HttpRequest& request, std::string_view common_headers) {
  return impl_->accept(request, common_headers);
}

Task<void> WebSocketConnection::run(std::shared_ptr<void> keep_alive) {
  return impl_->run(std::move(keep_alive), WebSocketSender(impl_->queue()));
}

void WebSocketConnection::go_away() { impl_->go_away(); }
void WebSocketConnection::abort() { impl_->abort(); }

}  // namespace samcache::http

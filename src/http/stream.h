// One connected socket, encrypted or not. Internal to http/.
//
// Plain sockets are written with system calls that do not wait, and awaited only when they are full: most responses
// fit, and then cost one call. An AsyncStream for Beast as well, for WebSockets. On the thread of its io_context only.
#pragma once

#include <sys/uio.h>

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/file_descriptor.h"
#include "http/asio_types.h"

namespace samcache::http {

class Stream {
 public:
  using executor_type = Executor;

  // `tls`: nullptr for a plain connection.
  Stream(asio::io_context& context, FileDescriptor socket, std::shared_ptr<asio::ssl::context> tls);

  executor_type get_executor() { return socket_.get_executor(); }
  bool is_tls() const { return tls_.has_value(); }
  int native_handle() { return socket_.native_handle(); }

  // The TLS handshake; nothing to do on a plain connection.
  Task<bool> handshake();
  // How many bytes came; 0: the end, or an error in `ec`.
  Task<std::size_t> read_some(std::span<char> into_buffer, error_code& ec);
  // All of it. `more`: something follows at once, so that small packets are not sent. `on_progress` is called whenever
  // the client has taken some. False: the connection is lost.
  Task<bool> write(std::span<iovec> pieces, bool more, const std::function<void()>& on_progress);
  // By sendfile(2), or read and encrypted in pieces.
  Task<bool> write_file(const FileDescriptor& file, std::uint64_t offset, std::uint64_t size,
                        const std::function<void()>& on_progress);
  // Tells the client that nothing more comes.
  Task<void> shut_down();

  // What waits fails with operation_aborted.
  void cancel();
  void close();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& into_buffers) {
          if (tls_) {
            tls_->async_read_some(into_buffers, std::move(handler));
          } else {
            socket_.async_read_some(into_buffers, std::move(handler));
          }
        },
        token, buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& from_buffers) {
          if (tls_) {
            tls_->async_write_some(from_buffers, std::move(handler));
          } else {
            socket_.async_write_some(from_buffers, std::move(handler));
          }
        },
        token, buffers);
  }

 private:
  Task<bool> write_plain(std::span<iovec> pieces, bool more, const std::function<void()>& on_progress);
  Task<bool> write_tls(std::span<iovec> pieces, const std::function<void()>& on_progress);
  Task<bool> send_file(const FileDescriptor& file, std::uint64_t offset, std::uint64_t size,
                       const std::function<void()>& on_progress);
  Task<bool> writable();

  Socket socket_;
  std::shared_ptr<asio::ssl::context> tls_context_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
};

// What Beast's WebSocket asks of its stream when it ends: the connection closes the socket itself, once both coroutines
// are through, so the first two only stop what waits.
inline void beast_close_socket(Stream& stream) { stream.cancel(); }
inline void teardown(boost::beast::role_type /*role*/, Stream& stream, error_code& ec) {
  stream.cancel();
  ec = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type /*role*/, Stream& stream, Handler&& handler) {
  asio::post(stream.get_executor(), [handler = std::forward<Handler>(handler)]() mutable { handler(error_code{}); });
}

}  // namespace samcache::http

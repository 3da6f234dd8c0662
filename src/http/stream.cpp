#include "http/stream.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <vector>

namespace samcache::http {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;  // what is encrypted or sent before progress is noted
// A client on the same machine may take a file as fast as it is sent: others get a turn after this much.
constexpr std::uint64_t kTurnBytes = 2 << 20;

bool would_block(int errno_value) { return errno_value == EAGAIN || errno_value == EWOULDBLOCK; }

// Takes `sent` bytes off the front.
std::span<iovec> without_front(std::span<iovec> pieces, std::size_t sent) {
  while (!pieces.empty() && sent >= pieces.front().iov_len) {
    sent -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + sent;
    pieces.front().iov_len -= sent;
  }
  return pieces;
}

}  // namespace

Stream::Stream(asio::io_context& context, FileDescriptor socket, std::shared_ptr<asio::ssl::context> tls)
    : socket_(context), tls_context_(std::move(tls)) {
  error_code ignored;
  socket_.assign(asio::generic::stream_protocol(AF_INET, IPPROTO_TCP), socket.release(), ignored);
  socket_.native_non_blocking(true, ignored);
  if (tls_context_ != nullptr) tls_.emplace(socket_, *tls_context_);
}

Task<bool> Stream::handshake() {
  error_code ec;
  if (tls_) co_await tls_->async_handshake(asio::ssl::stream_base::server, into(ec));
  co_return !ec;
}

Task<std::size_t> Stream::read_some(std::span<char> into_buffer, error_code& ec) {
  const auto buffer = asio::buffer(into_buffer.data(), into_buffer.size());
  std::size_t size = 0;
  if (tls_) {
    size = co_await tls_->async_read_some(buffer, into(ec));
  } else {
    size = co_await socket_.async_read_some(buffer, into(ec));
  }
  co_return ec ? 0 : size;
}

Task<bool> Stream::writable() {
  error_code ec;
  co_await socket_.async_wait(Socket::wait_write, into(ec));
  co_return !ec;
}

Task<bool> Stream::write(std::span<iovec> pieces, bool more, const std::function<void()>& on_progress) {
  return tls_ ? write_tls(pieces, on_progress) : write_plain(pieces, more, on_progress);
}

Task<bool> Stream::write_plain(std::span<iovec> pieces, bool more, const std::function<void()>& on_progress) {
  std::uint64_t turn = 0;
  pieces = without_front(pieces, 0);
  while (!pieces.empty()) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t sent = sendmsg(native_handle(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (sent >= 0) {
      on_progress();
      pieces = without_front(pieces, static_cast<std::size_t>(sent));
      turn += static_cast<std::uint64_t>(sent);
      if (turn < kTurnBytes || pieces.empty()) continue;
      turn = 0;
      co_await asio::post(get_executor(), asio::use_awaitable_t<Executor>());
    } else if (would_block(errno)) {
      const bool ready = co_await writable();
      if (!ready) co_return false;
    } else if (errno != EINTR) {
      co_return false;
    }
  }
  co_return true;
}

Task<bool> Stream::write_tls(std::span<iovec> pieces, const std::function<void()>& on_progress) {
  for (const iovec& piece : pieces) {
    for (std::size_t done = 0; done < piece.iov_len;) {
      const std::size_t size = std::min(kPieceBytes, piece.iov_len - done);
      error_code ec;
      co_await asio::async_write(*tls_, asio::buffer(static_cast<const char*>(piece.iov_base) + done, size), into(ec));
      if (ec) co_return false;
      done += size;
      on_progress();
    }
  }
  co_return true;
}

Task<bool> Stream::write_file(const FileDescriptor& file, std::uint64_t offset, std::uint64_t size,
                              const std::function<void()>& on_progress) {
  if (!tls_) {
    const bool sent = co_await send_file(file, offset, size, on_progress);
    co_return sent;
  }
  std::vector<char> piece(std::min<std::uint64_t>(kPieceBytes, size));
  while (size > 0) {
    const ssize_t got =
        pread(file.get(), piece.data(), std::min<std::uint64_t>(piece.size(), size), static_cast<off_t>(offset));
    if (got <= 0) co_return false;
    std::array<iovec, 1> part{{{piece.data(), static_cast<std::size_t>(got)}}};
    const bool sent = co_await write_tls(part, on_progress);
    if (!sent) co_return false;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
  co_return true;
}

Task<bool> Stream::send_file(const FileDescriptor& file, std::uint64_t offset, std::uint64_t size,
                             const std::function<void()>& on_progress) {
  auto position = static_cast<off_t>(offset);
  std::uint64_t turn = 0;
  while (size > 0) {
    const ssize_t sent = sendfile(native_handle(), file.get(), &position, std::min(size, kTurnBytes));
    if (sent > 0) {
      on_progress();
      size -= static_cast<std::uint64_t>(sent);
      turn += static_cast<std::uint64_t>(sent);
      if (turn < kTurnBytes || size == 0) continue;
      turn = 0;
      co_await asio::post(get_executor(), asio::use_awaitable_t<Executor>());
    } else if (sent < 0 && would_block(errno)) {
      const bool ready = co_await writable();
      if (!ready) co_return false;
    } else if (sent == 0 || errno != EINTR) {  // 0: the file has become shorter
      co_return false;
    }
  }
  co_return true;
}

Task<void> Stream::shut_down() {
  error_code ec;
  if (tls_) {
    co_await tls_->async_shutdown(into(ec));
  } else {
    socket_.shutdown(Socket::shutdown_send, ec);
  }
}

void Stream::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace samcache::http

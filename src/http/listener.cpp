#include "http/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace samcache::http {
namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsInARow = 64;  // then the connections get a turn
constexpr std::chrono::milliseconds kPauseWithoutDescriptors{100};

// EADDRINUSE and its kind are worth another try, with another port or later.
Error listen_error(const std::string& where, int errno_value) {
  Error error = errno_error("cannot listen on " + where, errno_value);
  if (errno_value == EADDRINUSE) error = {ErrorCode::kUnavailable, error.message + "; choose another port"};
  if (errno_value == EADDRNOTAVAIL) error.code = ErrorCode::kInvalidArgument;
  return error;
}

void set_option(const FileDescriptor& socket, int level, int option, int value) {
  setsockopt(socket.get(), level, option, &value, sizeof value);
}

std::uint16_t port_of(const FileDescriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

Result<ListeningSocket> listen_on_tcp(const ListenAddress& address) {
  const std::string port = std::to_string(address.port);
  const std::string where = address.host + " port " + port;
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); failed != 0) {
    return Error{ErrorCode::kInvalidArgument, "cannot listen on " + where + ": " + gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  FileDescriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return listen_error(where, errno);
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (found->ai_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, address.host == "::" ? 0 : 1);
  if (bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 || listen(socket.get(), kBacklog) != 0) {
    return listen_error(where, errno);
  }
  const std::uint16_t bound = port_of(socket);
  return ListeningSocket{.socket = std::move(socket), .port = bound};
}

// A socket that nobody listens on any more, left by a process that was killed.
bool is_dead(const sockaddr_un& address) {
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

Result<ListeningSocket> listen_on_unix(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    return Error{ErrorCode::kInvalidArgument, "cannot listen on " + path.string() + ": the path is too long"};
  }
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (is_dead(address)) unlink(path.c_str());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open() || bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.get(), kBacklog) != 0) {
    return listen_error(path.string(), errno);
  }
  return ListeningSocket{.socket = std::move(socket), .unix_socket = path};
}

std::string peer_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
      inet_ntop(AF_INET, six.s6_addr + 12, text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &six, text.data(), text.size());
    }
  } else {
    return "unix";
  }
  return text.data();
}

}  // namespace

Result<ListeningSocket> listen_on(const ListenAddress& address) {
  return address.unix_socket.empty() ? listen_on_tcp(address) : listen_on_unix(address.unix_socket);
}

Listener::Listener(asio::io_context& context, ListeningSocket socket,
                   std::function<void(FileDescriptor, std::string)> on_accept)
    : socket_(context, socket.socket.release()),
      pause_(context),
      unix_socket_(std::move(socket.unix_socket)),
      on_accept_(std::move(on_accept)) {}

Listener::~Listener() {
  if (!unix_socket_.empty()) unlink(unix_socket_.c_str());
}

void Listener::start() {
  asio::co_spawn(
      socket_.get_executor(), [this] { return accept_all(); }, asio::detached);
}

void Listener::close() {
  error_code ignored;
  socket_.close(ignored);
  pause_.cancel();
}

Task<void> Listener::accept_all() {
  error_code ec;
  while (socket_.is_open()) {
    co_await socket_.async_wait(asio::posix::descriptor_base::wait_read, into(ec));
    if (ec || !socket_.is_open()) co_return;
    if (accept_some()) continue;
    pause_.expires_after(kPauseWithoutDescriptors);
    co_await pause_.async_wait(into(ec));
  }
}

bool Listener::accept_some() {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    FileDescriptor socket(
        accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    if (address.ss_family != AF_UNIX) set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    on_accept_(std::move(socket), peer_of(address));
  }
  return true;
}

}  // namespace samcache::http

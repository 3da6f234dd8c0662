#include "store/redis/testing/rude_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace samcache {
namespace {

constexpr int kPollMs = 10;

bool readable(int fd) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, kPollMs) > 0;
}

}  // namespace

RudePeer::RudePeer(Behaviour behave)
    : behave_(std::move(behave)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen on a loopback port");
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this] { accept_all(); });
}

RudePeer::~RudePeer() {
  stopping_ = true;
  accepting_.join();
  serving_.clear();
  ::close(listener_);
}

void RudePeer::accept_all() {
  while (!stopping_) {
    if (!readable(listener_)) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    serving_.emplace_back([this, fd] {
      behave_(fd, stopping_);
      ::close(fd);
    });
  }
}

RedisOptions RudePeer::options() const {
  RedisOptions options;
  options.port = port_;
  return options;
}

bool wait_for_request(int fd, const std::atomic<bool>& stopping) {
  char ignored[4096];
  while (!stopping) {
    if (readable(fd)) return ::recv(fd, ignored, sizeof(ignored), 0) > 0;
  }
  return false;
}

bool greet(int fd, const std::atomic<bool>& stopping) {
  if (!wait_for_request(fd, stopping)) return false;
  send_text(fd, "+PONG\r\n");
  return true;
}

void send_text(int fd, const std::string& text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
}

void reset(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

}  // namespace samcache

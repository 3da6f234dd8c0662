// Loopback sockets for the tests' servers.
#pragma once

#include <string>
#include <string_view>

namespace samcache {

// An open descriptor, closed with this.
class TestSocket {
 public:
  TestSocket() = default;
  explicit TestSocket(int fd) : fd_(fd) {}
  TestSocket(TestSocket&& other) noexcept : fd_(other.release()) {}
  TestSocket& operator=(TestSocket&& other) noexcept;
  ~TestSocket();

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  // Wakes whoever waits on it, in whatever thread.
  void shut_down() const;
  // Closing will then send a reset instead of an end.
  void reset_on_close() const;

 private:
  int fd_ = -1;
};

// Listening on a free port of 127.0.0.1. Throws std::runtime_error.
TestSocket listen_on_loopback(int& port);
// An invalid one if nobody listens.
TestSocket connect_to_loopback(int port);
// A port that was free a moment ago.
int free_loopback_port();
// All of it, or false.
bool send_all(const TestSocket& socket, std::string_view bytes);

}  // namespace samcache

// A server that does not behave: it accepts connections on a loopback port and does one thing to each of them.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "store/redis/redis_options.h"

namespace samcache {

class RudePeer {
 public:
  // `behave` is given each connection, in a thread of its own, and need not close it; it should return soon after
  // `stopping` became true.
  using Behaviour = std::function<void(int fd, const std::atomic<bool>& stopping)>;

  explicit RudePeer(Behaviour behave);
  ~RudePeer();
  RudePeer(const RudePeer&) = delete;
  RudePeer& operator=(const RudePeer&) = delete;

  RedisOptions options() const;

 private:
  void accept_all();

  Behaviour behave_;
  std::atomic<bool> stopping_ = false;
  int listener_ = -1;
  int port_ = 0;
  std::vector<std::jthread> serving_;
  std::jthread accepting_;
};

// Reads until there was something to read; false when the other side hung up or `stopping`.
bool wait_for_request(int fd, const std::atomic<bool>& stopping);
// The first request, the PING of every connection, answered as a server does; false as above.
bool greet(int fd, const std::atomic<bool>& stopping);
void send_text(int fd, const std::string& text);
// Ends the connection with a reset.
void reset(int fd);

}  // namespace samcache

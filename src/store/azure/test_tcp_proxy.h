// A proxy on the loopback in front of a server, which makes a network of it: latency, limited streams, and faults.
//
// One thread moves the bytes of all connections. Latency counts each way; the rate limits each stream in each
// direction, as a window of so many bytes in flight does.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "store/azure/test_sockets.h"

namespace samcache {

struct ProxyNetwork {
  std::chrono::microseconds latency_each_way{0};
  double bytes_per_second = 0;  // of a stream; 0: no limit
};

// What happens to one connection.
struct ProxyFault {
  bool hang = false;                                // it is taken, and nothing goes on
  std::optional<std::size_t> reset_at = {};         // after so many bytes of the server's, with a reset
  std::optional<std::size_t> end_at = {};           // likewise, with a proper end
  std::optional<std::size_t> stall_at = {};         // likewise; then nothing comes any more
  std::optional<std::size_t> flip_answer_at = {};   // one bit of the server's byte there
  std::optional<std::size_t> flip_request_at = {};  // one bit of the client's
};

class TestTcpProxy {
 public:
  // What befalls the connection of this number, from 0.
  using Faults = std::function<ProxyFault(int connection)>;

  explicit TestTcpProxy(int server_port, ProxyNetwork network = {});
  ~TestTcpProxy();

  int port() const { return port_; }
  void set_faults(Faults faults);  // of connections from now on
  void hang_up_on_all();
  int connections() const { return accepted_; }

 private:
  struct Connection;
  struct Stream;
  void run();
  void accept_one();
  // False when the connection is at its end.
  bool move(Connection& connection);
  bool receive(Stream& stream, const TestSocket& from, const ProxyFault& fault, bool is_answer);
  bool deliver(Stream& stream, const TestSocket& to);
  int wait_ms(const Connection& connection) const;

  const int server_port_;
  const ProxyNetwork network_;
  int port_ = 0;
  TestSocket listener_;
  std::mutex mutex_;
  Faults faults_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> hang_up_ = false;
  std::atomic<int> accepted_ = 0;
  std::list<Connection> connections_;
  std::jthread thread_;
};

}  // namespace samcache

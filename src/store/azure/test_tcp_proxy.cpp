#include "store/azure/test_tcp_proxy.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

namespace samcache {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxQueuedBytes = 1 << 20;
constexpr std::size_t kPieceBytes = 16 << 10;

}  // namespace

struct TestTcpProxy::Stream {
  struct Piece {
    Clock::time_point due;
    std::string bytes;
  };
  std::deque<Piece> pieces;
  std::size_t queued_bytes = 0;
  std::size_t seen_bytes = 0;  // of the sender's, in all
  Clock::time_point line_free = Clock::now();
  bool ended = false;    // the sender has no more
  bool stalled = false;  // nothing is taken any more

  bool wants_bytes() const { return !ended && !stalled && queued_bytes < kMaxQueuedBytes; }
};

struct TestTcpProxy::Connection {
  TestSocket client, server;
  ProxyFault fault;
  Stream requests, answers;
};

TestTcpProxy::TestTcpProxy(int server_port, ProxyNetwork network)
    : server_port_(server_port), network_(network), listener_(listen_on_loopback(port_)) {
  thread_ = std::jthread([this] { run(); });
}

TestTcpProxy::~TestTcpProxy() {
  stopping_ = true;
  thread_.join();
}

void TestTcpProxy::set_faults(Faults faults) {
  const std::scoped_lock lock(mutex_);
  faults_ = std::move(faults);
}

void TestTcpProxy::hang_up_on_all() {
  hang_up_ = true;
  while (hang_up_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void TestTcpProxy::accept_one() {
  Connection connection;
  connection.client = TestSocket(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  connection.server = connect_to_loopback(server_port_);
  const int number = accepted_++;
  const std::scoped_lock lock(mutex_);
  if (faults_) connection.fault = faults_(number);
  if (connection.client && connection.server) connections_.push_back(std::move(connection));
}

void TestTcpProxy::run() {
  while (!stopping_) {
    std::vector<pollfd> waiting = {{listener_.fd(), POLLIN, 0}};
    int timeout_ms = 20;
    for (const Connection& connection : connections_) {
      if (connection.requests.wants_bytes() && !connection.fault.hang)
        waiting.push_back({connection.client.fd(), POLLIN, 0});
      if (connection.answers.wants_bytes() && !connection.fault.hang)
        waiting.push_back({connection.server.fd(), POLLIN, 0});
      timeout_ms = std::min(timeout_ms, wait_ms(connection));
    }
    poll(waiting.data(), waiting.size(), timeout_ms);
    if (hang_up_) {
      connections_.clear();
      hang_up_ = false;
      continue;
    }
    std::erase_if(connections_, [this](Connection& connection) { return !move(connection); });
    if ((waiting.front().revents & POLLIN) != 0) accept_one();
  }
}

int TestTcpProxy::wait_ms(const Connection& connection) const {
  Clock::time_point due = Clock::time_point::max();
  for (const Stream* stream : {&connection.requests, &connection.answers}) {
    if (!stream->pieces.empty()) due = std::min(due, stream->pieces.front().due);
  }
  if (due == Clock::time_point::max()) return 1'000;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(wait.count(), 0));
}

bool TestTcpProxy::move(Connection& connection) {
  if (connection.fault.hang) return true;
  const bool good = receive(connection.requests, connection.client, connection.fault, false) &&
                    receive(connection.answers, connection.server, connection.fault, true) &&
                    deliver(connection.requests, connection.server) && deliver(connection.answers, connection.client);
  if (!good) return false;
  // Whoever hangs up ends both directions, once the other has got everything.
  const bool client_gone = connection.requests.ended && connection.requests.pieces.empty();
  const bool server_gone = connection.answers.ended && connection.answers.pieces.empty();
  return !client_gone && !server_gone;
}

bool TestTcpProxy::receive(Stream& stream, const TestSocket& from, const ProxyFault& fault, bool is_answer) {
  while (stream.wants_bytes()) {
    std::array<char, kPieceBytes> buffer;
    const ssize_t count = recv(from.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (count == 0) {
      stream.ended = true;
      return true;
    }
    std::string bytes(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t begin = stream.seen_bytes;
    stream.seen_bytes += bytes.size();
    const auto reached = [&](const std::optional<std::size_t>& at) { return at && stream.seen_bytes > *at; };
    const auto& flip = is_answer ? fault.flip_answer_at : fault.flip_request_at;
    if (reached(flip) && *flip >= begin) bytes[*flip - begin] = static_cast<char>(bytes[*flip - begin] ^ 0x10);
    if (is_answer && reached(fault.reset_at)) {
      for (const Connection& connection : connections_) {
        if (&connection.answers == &stream) connection.client.reset_on_close();
      }
      return false;
    }
    if (is_answer && reached(fault.end_at)) {
      bytes.resize(*fault.end_at > begin ? *fault.end_at - begin : 0);
      stream.ended = true;
    }
    if (is_answer && reached(fault.stall_at)) stream.stalled = true;

    const Clock::time_point now = Clock::now();
    stream.line_free = std::max(stream.line_free, now);
    if (network_.bytes_per_second > 0) {
      stream.line_free += std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(static_cast<double>(bytes.size()) / network_.bytes_per_second));
    }
    stream.queued_bytes += bytes.size();
    stream.pieces.push_back({stream.line_free + network_.latency_each_way, std::move(bytes)});
  }
  return true;
}

bool TestTcpProxy::deliver(Stream& stream, const TestSocket& to) {
  while (!stream.pieces.empty() && stream.pieces.front().due <= Clock::now()) {
    std::string& bytes = stream.pieces.front().bytes;
    if (!bytes.empty()) {
      const ssize_t sent = send(to.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        stream.pieces.front().due = Clock::now() + std::chrono::milliseconds(1);
        return true;
      }
      if (sent < 0) return false;
      stream.queued_bytes -= static_cast<std::size_t>(sent);
      bytes.erase(0, static_cast<std::size_t>(sent));
    }
    if (!bytes.empty()) continue;
    stream.pieces.pop_front();
  }
  return true;
}

}  // namespace samcache

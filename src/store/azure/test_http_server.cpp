#include "store/azure/test_http_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "store/azure/http_date.h"

namespace samcache {
namespace {

std::optional<std::size_t> receive_until(const TestSocket& socket, std::string& received, const std::string& mark) {
  while (received.find(mark) == std::string::npos) {
    std::array<char, 65536> buffer;
    const ssize_t count = recv(socket.fd(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return std::nullopt;
    received.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return received.find(mark);
}

bool receive_bytes(const TestSocket& socket, std::string& received, std::size_t size) {
  while (received.size() < size) {
    std::array<char, 65536> buffer;
    const ssize_t count = recv(socket.fd(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    received.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return true;
}

TestRequest parse_head(const std::string& head) {
  TestRequest request;
  const std::size_t first = head.find(' ');
  const std::size_t second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.path = head.substr(first + 1, second - first - 1);
  for (std::size_t line = head.find("\r\n"); line != std::string::npos && line + 2 < head.size();) {
    const std::size_t begin = line + 2;
    line = head.find("\r\n", begin);
    const std::string text = head.substr(begin, line - begin);
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) continue;
    std::string name = text.substr(0, colon);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const std::size_t value = text.find_first_not_of(' ', colon + 1);
    request.headers[name] = value == std::string::npos ? "" : text.substr(value);
  }
  return request;
}

}  // namespace

TestHttpServer::TestHttpServer(Handler handler) : handler_(std::move(handler)), listener_(listen_on_loopback(port_)) {
  acceptor_ = std::jthread([this] { accept_all(); });
}

TestHttpServer::~TestHttpServer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    for (const Connection& connection : connections_) connection.socket.shut_down();
  }
  listener_.shut_down();
  acceptor_.join();
  connections_.clear();
}

int TestHttpServer::connections() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int>(connections_.size());
}

void TestHttpServer::accept_all() {
  while (true) {
    TestSocket socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::scoped_lock lock(mutex_);
    if (stopping_ || !socket) return;
    Connection& connection = connections_.emplace_back();
    connection.socket = std::move(socket);
    connection.thread = std::jthread([this, &connection] { serve(connection.socket); });
  }
}

void TestHttpServer::serve(const TestSocket& socket) {
  std::string received;
  while (const auto end = receive_until(socket, received, "\r\n\r\n")) {
    TestRequest request = parse_head(received.substr(0, *end));
    received.erase(0, *end + 4);
    const std::string length = request.header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    if (!receive_bytes(socket, received, size)) break;
    request.body = received.substr(0, size);
    received.erase(0, size);
    const TestAnswer made = handler_(request);
    // In pieces, so that the end of the test need not wait.
    const auto until = std::chrono::steady_clock::now() + made.delay;
    while (std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
    }
    if (!answer(socket, made, request.method == "HEAD")) break;
  }
  socket.shut_down();
}

bool TestHttpServer::answer(const TestSocket& socket, const TestAnswer& answer, bool head_only) {
  std::string text;
  if (answer.raw) {
    text = *answer.raw;
  } else {
    text = "HTTP/1.1 " + std::to_string(answer.status) + " Test\r\n";
    for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
    text += "Content-Length: " + answer.announced_length.value_or(std::to_string(answer.body.size())) + "\r\n\r\n";
    if (!head_only) text += answer.body;
  }
  const bool sent = send_all(socket, text);
  if (answer.reset) socket.reset_on_close();
  return sent && !answer.hang_up && !answer.reset;
}

std::string http_date_from_now(std::chrono::seconds offset) {
  return http_date(std::chrono::system_clock::now() + offset);
}

}  // namespace samcache

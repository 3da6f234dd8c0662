#include "http/testing/raw_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

namespace samcache::http {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

RawClient::RawClient(std::uint16_t port, int receive_buffer) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("RawClient: cannot connect");
  }
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::request(std::string_view method, std::string_view target, std::string_view header_lines,
                        std::string_view body) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
  text += header_lines;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return send(text + "\r\n" + std::string(body));
}

bool RawClient::receive(std::chrono::milliseconds wait) {
  pollfd ready{socket_.get(), POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return false;
  std::array<char, 65536> piece;
  const ssize_t got = recv(socket_.get(), piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  received_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

std::string RawClient::read(std::size_t size, std::chrono::milliseconds wait) {
  while (received_.size() < size && receive(wait)) {
  }
  std::string taken = received_.substr(0, size);
  received_.erase(0, taken.size());
  return taken;
}

std::string RawClient::read_until(std::string_view end, std::chrono::milliseconds wait) {
  std::size_t at = 0;
  while ((at = received_.find(end)) == std::string::npos) {
    if (!receive(wait)) return {};
  }
  return read(at + end.size());
}

std::optional<RawResponse> RawClient::response(bool has_body, std::chrono::milliseconds wait) {
  std::string head = read_until("\r\n\r\n", wait);
  if (head.size() < 12) return std::nullopt;
  RawResponse response{.status = std::stoi(head.substr(9, 3))};
  for (std::size_t begin = head.find("\r\n") + 2; begin + 2 < head.size();) {
    const std::size_t end = head.find("\r\n", begin);
    const std::size_t colon = head.find(": ", begin);
    response.headers[lower(head.substr(begin, colon - begin))] = head.substr(colon + 2, end - colon - 2);
    begin = end + 2;
  }
  if (!has_body || response.status < 200 || response.status == 204 || response.status == 304) return response;
  if (response.header("transfer-encoding") == "chunked") {
    while (true) {
      const std::string line = read_until("\r\n", wait);
      if (line.empty()) return std::nullopt;
      const std::size_t size = std::stoul(line, nullptr, 16);
      const std::string chunk = read(size + 2, wait);
      if (chunk.size() < size + 2) return std::nullopt;
      if (size == 0) return response;
      response.body += chunk.substr(0, size);
    }
  }
  if (!response.headers.contains("content-length")) return response;
  const std::size_t size = std::stoul(response.header("content-length"));
  response.body = read(size, wait);
  if (response.body.size() < size) return std::nullopt;
  return response;
}

bool RawClient::is_closed_within(std::chrono::milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd ready{socket_.get(), POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 65536> piece;
    if (recv(socket_.get(), piece.data(), piece.size(), 0) <= 0) return true;
  }
}

void RawClient::finish_sending() { shutdown(socket_.get(), SHUT_WR); }

void RawClient::reset() {
  const linger at_once{1, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.close();
}

std::optional<RawResponse> RawClient::call(std::string_view method, std::string_view target,
                                           std::string_view header_lines, std::string_view body) {
  if (!request(method, target, header_lines, body)) return std::nullopt;
  return response(method != "HEAD");
}

}  // namespace samcache::http

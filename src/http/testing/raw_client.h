// A client that sends exactly the bytes a test gives it: for tests of the HTTP server against well-formed and hostile
// peers. Blocking, with a time limit on every wait; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace samcache::http {

struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string body = {};                            // chunks put together

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

class RawClient {
 public:
  // Connected to a port of this machine; throws when that fails. `receive_buffer`: of the socket, 0 for the system's.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);

  // False: the server has closed.
  bool send(std::string_view bytes);
  // "METHOD target", a Host, more header lines (each with its CR LF), the body with its length.
  bool request(std::string_view method, std::string_view target, std::string_view header_lines = {},
               std::string_view body = {});
  // The next response; nothing when the connection ended before it did or `wait` passed. `has_body`: false for HEAD.
  std::optional<RawResponse> response(bool has_body = true, std::chrono::milliseconds wait = std::chrono::seconds(5));
  // At least one more byte than is there already, or as many as `size`; less when the connection ended or time passed.
  std::string read(std::size_t size, std::chrono::milliseconds wait = std::chrono::seconds(5));
  // All up to `end`, included; empty when it does not come.
  std::string read_until(std::string_view end, std::chrono::milliseconds wait = std::chrono::seconds(5));
  // Whether the server closes within the time, whatever it sends before.
  bool is_closed_within(std::chrono::milliseconds wait);
  // No more bytes from here; still reads.
  void finish_sending();
  // Closes with a reset.
  void reset();
  // request() and response() in one.
  std::optional<RawResponse> call(std::string_view method, std::string_view target, std::string_view header_lines = {},
                                  std::string_view body = {});

 private:
  bool receive(std::chrono::milliseconds wait);

  FileDescriptor socket_;
  std::string received_;
};

}  // namespace samcache::http

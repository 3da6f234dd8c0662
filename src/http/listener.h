// A listening socket and the loop that accepts from it. Internal to http/.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file_descriptor.h"
#include "http/asio_types.h"
#include "http/server.h"

namespace samcache::http {

struct ListeningSocket {
  FileDescriptor socket;
  std::uint16_t port = 0;                  // 0: a Unix socket
  std::filesystem::path unix_socket = {};  // removed at the end
};

// Bound and listening. kInvalidArgument: no such address; kUnavailable: taken.
Result<ListeningSocket> listen_on(const ListenAddress& address);

// Accepts on the loop of `context`. When the process has no descriptors left it pauses and tries again.
class Listener {
 public:
  // `on_accept(socket, peer)` is called on the loop's thread.
  Listener(asio::io_context& context, ListeningSocket socket,
           std::function<void(FileDescriptor, std::string)> on_accept);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  void start();
  // On the loop's thread.
  void close();

 private:
  Task<void> accept_all();
  // Accepts what waits; false: there are no descriptors left.
  bool accept_some();

  asio::posix::basic_stream_descriptor<Executor> socket_;
  Timer pause_;
  const std::filesystem::path unix_socket_;
  const std::function<void(FileDescriptor, std::string)> on_accept_;
};

}  // namespace samcache::http

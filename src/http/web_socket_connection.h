// A connection after its upgrade to WebSocket. Internal to http/.
//
// Beast speaks the protocol: framing, masks, UTF-8, pings, limits, close handshakes. Two coroutines use it, one reading
// and calling the session, one writing what its queue holds; run() returns when both have ended. On the loop's thread
// only.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "http/event_loop.h"
#include "http/http_request.h"
#include "http/router.h"
#include "http/stream.h"
#include "http/web_socket.h"

namespace samcache::http {

class WebSocketConnection {
 public:
  // `stream` must outlive it.
  WebSocketConnection(Stream& stream, EventLoop& loop, const std::shared_ptr<WebSocketSession>& session,
                      const WebSocketLimits& limits, std::chrono::milliseconds write_timeout);
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;
  ~WebSocketConnection();

  // The handshake; `common_headers`: lines that the response carries. False: refused, and the client was told.
  Task<bool> accept(const HttpRequest& request, std::string_view common_headers);
  // `keep_alive`: kept until both coroutines have ended.
  Task<void> run(std::shared_ptr<void> keep_alive);
  // Closes with 1001.
  void go_away();
  // Ends at once.
  void abort();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace samcache::http

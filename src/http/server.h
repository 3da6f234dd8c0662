// An HTTP/1.1 server with WebSocket, Server-Sent Events and TLS.
//
// It knows routes, filters and limits, and nothing of what they are for. Connections are served by `io_threads` event
// loops that never block; handlers run on bounded pools (ServerOptions::pools), and a full pool answers 429. Every
// error that the server itself answers is problem details (RFC 9457).
//
//   Router router;
//   router.add({.method = "GET", .pattern = "/healthz", .fast = [](HttpRequest&) { return HttpResponse::json(200,
//   "{}"); }}); Result<std::unique_ptr<Server>> server = Server::start(options, std::move(router)); …
//   server.value()->stop(Deadline::after(10s));
//
// Server is thread-safe. Starting it makes the process ignore SIGPIPE, since sendfile(2) has no other way not to raise
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "http/filter.h"
#include "http/router.h"

namespace samcache::http {

struct PoolOptions {
  std::string name;
  std::size_t threads = 2;
  std::size_t max_waiting = 64;  // beyond it requests are answered 429
};

struct ListenAddress {
  std::string host = "127.0.0.1";          // an IPv4 or IPv6 address or a name; "::" is both
  std::uint16_t port = 0;                  // 0: any free one, see Server::port()
  std::filesystem::path unix_socket = {};  // instead of host and port; replaced when a dead one lies there
};

struct TlsOptions {
  std::filesystem::path certificate_chain = {};  // PEM; empty: no TLS
  std::filesystem::path private_key = {};        // PEM
};

struct HttpLimits {
  std::size_t max_header_bytes = 16 << 10;           // the whole head: 431 above
  std::size_t max_headers = 100;                     // 431
  std::size_t max_target_bytes = 8 << 10;            // 414
  std::chrono::milliseconds header_timeout{10'000};  // from a head's first byte to its last: 408
  std::chrono::milliseconds idle_timeout{75'000};    // of a kept-alive connection between requests
  std::uint64_t min_body_bytes_per_s = 1'000;        // after a grace of 10 s: 408
  std::chrono::milliseconds body_grace{10'000};
  std::chrono::milliseconds write_timeout{30'000};  // without a byte taken by the client
  std::size_t max_connections = 4096;               // beyond it new ones get 503
  std::size_t max_connections_per_peer = 1024;      // trusted proxies excepted
  std::size_t max_requests_per_connection = 100'000;
};

// Which foreign pages may use the server from a browser. Same-origin pages always may.
struct CorsOptions {
  std::vector<std::string> allowed_origins = {};  // "https://app.example" exactly; "*": any, without credentials
  std::vector<std::string> allowed_headers = {"Authorization", "Content-Type", "If-Match",   "If-None-Match",
                                              "Range",         "X-Request-Id", "traceparent"};
  std::vector<std::string> exposed_headers = {"ETag",     "Content-Disposition", "Content-Range",
                                              "Location", "Retry-After",         "X-Request-Id"};
  std::chrono::seconds max_age{600};
};

// Headers that every response carries.
struct SecurityHeaders {
  // Empty: not sent.
  std::string content_security_policy = "default-src 'none'; frame-ancestors 'none'";
  std::string referrer_policy = "no-referrer";
  // Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp, Cross-Origin-Resource-Policy:
  // same-origin: what a page needs for threads in WebAssembly.
  bool cross_origin_isolation = false;
  std::chrono::seconds strict_transport_security{0};  // 0: not sent; sent over TLS only
};

// One finished request; the views live as long as the call.
struct RequestRecord {
  std::string_view method;
  std::string_view target;
  std::string_view route;  // its pattern; empty: none
  int status = 0;
  double seconds = 0;           // from the head's first byte to the response's last
  std::uint64_t bytes_in = 0;   // of the body
  std::uint64_t bytes_out = 0;  // of the body
  std::string_view request_id;
  std::string_view traceparent;
  std::string_view peer;
  std::string_view user_agent;
  bool completed = false;                // false: the client went before the end of the response
  const HttpRequest* request = nullptr;  // its principal; nullptr when the head could not be read
};

struct ServerOptions {
  std::vector<ListenAddress> listen = {{}};
  TlsOptions tls = {};
  std::size_t io_threads = 1;
  std::vector<PoolOptions> pools = {{.name = "default", .threads = 2, .max_waiting = 64}};
  HttpLimits limits = {};
  CorsOptions cors = {};
  // Origins that may open WebSockets besides pages of the server itself; requests without Origin come from no browser.
  std::vector<std::string> web_socket_origins = {};
  SecurityHeaders security = {};
  std::vector<Filter> filters = {};
  // Addresses and networks of proxies whose X-Forwarded-For is believed, as address_set.h reads them.
  std::vector<std::string> trusted_proxies = {};
  int retry_after_s = 1;                   // what a 429 of a full pool says
  std::size_t compress_from_bytes = 1024;  // shorter texts are sent as they are
  // Called on the connection's thread after every request, upgrades and refusals included: must not block.
  std::function<void(const RequestRecord&)> observer = {};
  // One line about a failure inside (a handler that threw, a certificate that could not be read): for the log.
  std::function<void(std::string_view)> on_internal_error = {};
};

struct ServerGauges {
  std::size_t connections = 0;
  std::size_t web_sockets = 0;
  std::size_t event_streams = 0;
  std::size_t requests_running = 0;
};

class Server {
 public:
  // Listening when it returns. kInvalidArgument: options that contradict each other, an address that is none, a
  // certificate that does not fit its key; kUnavailable: the port is taken.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Router router);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // stop() with no time left.
  ~Server();

  // Of the first address that has a port.
  std::uint16_t port() const;
  ServerGauges gauges() const;
  // Tasks that wait in a pool's queue.
  std::size_t pool_waiting(std::size_t pool) const;

  // Reads certificate and key again, for new connections; on an error the old ones stay.
  Status reload_certificates();

  // No new connections; idle ones are closed, WebSockets with 1001, event streams ended; requests that run are finished
  // and answered with Connection: close. Returns when all is done (true) or, after the deadline, when the rest was cut
  // off (false). A handler that does not return holds it up. Callable from any thread but the server's own; once is
  // enough.
  bool stop(Deadline deadline);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace samcache::http

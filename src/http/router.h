// The table of routes: which code answers which method and path.
//
// Filled once, before the server starts; afterwards read by any number of threads.
//
// A pattern is literal segments and parameters: "/images/{id}/content", "/models/{part}.onnx" (one parameter a segment,
// text allowed around it), "/files/{path...}" (the rest, at the end, at least one segment). The most literal pattern
// wins. Paths are decoded strictly before they are compared: a segment that is "." or ".." or holds an encoded slash, a
// control character, a broken escape or invalid UTF-8 is 400. Trailing slashes are not ignored.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "http/body_sink.h"
#include "http/http_request.h"
#include "http/http_response.h"
#include "http/multipart_form.h"
#include "http/responder.h"
#include "http/web_socket.h"

namespace samcache::http {

// Runs on the route's pool: may block.
using Handler = std::function<HttpResponse(HttpRequest&)>;
// Starts on the route's pool and answers, now or later and from any thread, through the responder.
using AsyncHandler = std::function<void(std::shared_ptr<HttpRequest>, Responder)>;
// Runs on the connection's thread: must not block, nor take more than some microseconds. Nothing: the handler runs.
using FastHandler = std::function<std::optional<HttpResponse>(HttpRequest&)>;
// Runs on the route's pool before the body is read: where the body goes, or why it is refused.
using SinkFactory = std::function<std::variant<std::shared_ptr<BodySink>, HttpResponse>(HttpRequest&)>;
// Runs on the route's pool before the upgrade: the session, or why there is none.
using WebSocketFactory = std::function<std::variant<std::shared_ptr<WebSocketSession>, HttpResponse>(HttpRequest&)>;

enum class BodyPolicy {
  kNone,       // a body is refused with 413
  kBuffered,   // kept in memory, up to max_body_bytes; gzip and zstd are undone
  kMultipart,  // a form: fields in memory, files in temporary files
  kStreamed,   // goes to what `open_sink` returns
};

struct WebSocketLimits {
  std::size_t max_message_bytes = 1 << 20;         // a larger one closes with 1009
  std::size_t max_queue_bytes = 8 << 20;           // what may wait for a slow client before it is closed with 1013
  std::chrono::milliseconds idle_timeout{60'000};  // without any frame; pings go out at half of it
  bool compression = false;                        // permessage-deflate
};

struct RouteOptions {
  std::size_t pool = 0;  // index into ServerOptions::pools
  BodyPolicy body = BodyPolicy::kNone;
  std::uint64_t max_body_bytes = 1 << 20;       // as sent and as expanded; 413 above
  std::vector<std::string> content_types = {};  // of kBuffered and kStreamed: others are 415; empty: any
  MultipartLimits multipart = {};
  WebSocketLimits web_socket = {};
  // How long the answer may take, from the head's arrival on (the body's time is limited by its rate).
  std::chrono::milliseconds timeout{60'000};
  // For filters: e.g. the scope that a caller needs. The server does not look at it.
  std::string tag = {};
};

// Exactly one of `handler`, `async_handler` and `web_socket` is set; or `fast` alone, when it always answers.
struct Route {
  std::string method = "GET";  // a GET route answers HEAD, too
  std::string pattern;
  RouteOptions options = {};
  Handler handler = {};
  AsyncHandler async_handler = {};
  FastHandler fast = {};
  WebSocketFactory web_socket = {};
  SinkFactory open_sink = {};  // with BodyPolicy::kStreamed

  bool is_web_socket() const { return static_cast<bool>(web_socket); }
};

// What Router::find says of a method and path.
struct RouteMatch {
  const Route* route = nullptr;  // nullptr: see below
  // The pattern's parameters, decoded.
  std::vector<std::pair<std::string, std::string>> parameters = {};
  // "GET, HEAD, OPTIONS": the path's methods; empty when no pattern fits the path.
  std::string allow = {};
};

class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  // Throws std::logic_error for a pattern that is malformed, twice there or contradicts another, or a route without a
  // handler.
  void add(Route route);
  // Answers GET requests whose path no pattern fits: the web app's files.
  void set_fallback(Route route);

  // `path` is decoded and begins with "/" (decode_path).
  RouteMatch find(std::string_view method, std::string_view path) const;
  const Route* fallback() const;

  // Every route in the order of adding, without the fallback.
  std::vector<const Route*> routes() const;

 private:
  struct Entry;
  struct Node;
  std::string methods_of(std::string_view path) const;  // "GET, HEAD, OPTIONS"

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::unique_ptr<Route> fallback_;
};

}  // namespace samcache::http

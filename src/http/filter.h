// What looks at every request before its handler does, and may answer in its place: authentication, rate limits.
//
// Filters run in the order of ServerOptions::filters, after the route is known (HttpRequest::route(), its `tag`) and
// before the body is read, so that a refused upload costs nothing. The server's own preflight answers, 404 and 405 come
// before them.
#pragma once

#include <functional>
#include <optional>
#include <variant>

#include "http/http_request.h"
#include "http/http_response.h"

namespace samcache::http {

struct Pass {};       // on to the next filter
struct NeedsPool {};  // ask `slow`
using FilterVerdict = std::variant<Pass, NeedsPool, HttpResponse>;

struct Filter {
  // On the connection's thread: must not block.
  std::function<FilterVerdict(HttpRequest&)> fast;
  // On the pool of that index, where `fast` needs it: may block. A response refuses the request.
  std::function<std::optional<HttpResponse>(HttpRequest&)> slow = {};
  std::size_t pool = 0;
};

}  // namespace samcache::http

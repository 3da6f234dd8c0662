// Requests that pages of other origins make (Fetch standard: CORS; RFC 6455, 10.2 for WebSockets). Internal to http/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/http_request.h"
#include "http/http_response.h"

namespace samcache::http {

struct CorsOptions;

// What lets the page that asks read the response, if its origin is allowed.
void add_cors_headers(const CorsOptions& options, const HttpRequest& request, HttpResponse& response);

// The answer to OPTIONS, a preflight or not. `allow`: the path's methods.
HttpResponse answer_options(const CorsOptions& options, const HttpRequest& request, std::string_view allow);

// Whether the request's Origin may open a WebSocket: none at all (no browser), the server's own, or one of `allowed`.
bool may_open_web_socket(const std::vector<std::string>& allowed, const HttpRequest& request);

}  // namespace samcache::http

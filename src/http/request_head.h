// A request's head, parsed: request line and headers, and what they say about the body. Internal to http/.
//
// Beast's parser does the grammar; what it lets through and different servers read differently (folded lines, two
// lengths, a length beside chunks, codings other than chunked, a missing or second Host) is refused here, because such
// requests are how one request is smuggled inside another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_request.h"

namespace samcache::http {

struct HttpLimits;

// Why a request is answered with an error before any handler sees it.
struct Refusal {
  int status = 400;
  std::string detail = {};
};

// How the connection goes on after the head.
struct RequestFraming {
  bool keep_alive = true;
  bool is_chunked = false;
  std::uint64_t content_length = 0;  // 0 when chunked
  bool expects_continue = false;
  bool wants_web_socket = false;  // asks for an upgrade to WebSocket
  bool has_body() const { return is_chunked || content_length > 0; }
};

RequestParts& parts_of(HttpRequest& request);

// `raw` ends with the empty line. Fills the request (method, target, path, query, headers, id, traceparent); what it
// held before is forgotten, its memory is used again.
std::optional<Refusal> parse_request_head(std::string_view raw, const HttpLimits& limits, HttpRequest& request,
                                          RequestFraming& framing);

// 16 random bytes as 32 hexadecimal digits: unique, not secret.
std::string make_request_id();

}  // namespace samcache::http

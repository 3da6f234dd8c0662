// The status line and headers of a response as bytes. Internal to http/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http_response.h"

namespace samcache::http {

struct ResponseFraming {
  int version = 11;
  bool keep_alive = true;
  std::optional<std::uint64_t> content_length = {};  // nothing: no such header
  bool is_chunked = false;
  std::string_view date = {};  // "Sun, 06 Nov 1994 08:49:37 GMT"
  std::string_view request_id = {};
  std::string_view common_headers = {};  // whole lines that every response carries
};

// Appends the head, empty line included. Throws for a header that would break it.
void append_response_head(std::string& out, const HttpResponse& response, const ResponseFraming& framing);

// The Date header's form of now.
std::string http_date_now();

}  // namespace samcache::http

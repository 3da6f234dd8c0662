// libFuzzer target: any bytes as the head of a request.
//
// A head is refused with a status of 4xx or 5xx, or its path is one that no trick is left in: decoded, absolute,
// without dots, backslashes, control characters or invalid UTF-8; and its end is where its framing says.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "http/request_head.h"
#include "http/server.h"

namespace {

using namespace samcache;
using namespace samcache::http;

void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

void check_path(std::string_view path) {
  if (path == "*") return;
  require(path.starts_with('/') && is_utf8(path), "an accepted path is absolute and UTF-8");
  require(path.find('\\') == std::string_view::npos, "an accepted path has no backslash");
  for (const char c : path) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "nor a control character");
  const std::string closed = std::string(path) + "/";
  require(closed.find("/../") == std::string::npos && closed.find("/./") == std::string::npos, "nor a segment of dots");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string head = std::string(reinterpret_cast<const char*>(data), size) + "\r\n\r\n";
  HttpRequest request;
  RequestFraming framing;
  const auto refusal = parse_request_head(head, HttpLimits{}, request, framing);
  if (refusal) {
    require(refusal->status >= 400 && refusal->status < 600 && !refusal->detail.empty(), "a refusal says why");
    return 0;
  }
  check_path(request.path());
  require(!framing.is_chunked || !request.header("Content-Length"), "no accepted request has two framings");
  require(!request.id().empty(), "every request has an id");
  for (const auto& [name, value] : request.headers()) {
    require(name.find_first_of(" \r\n:") == std::string_view::npos, "header names are tokens");
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "header values are one line");
  }
  for (const auto& [name, value] : request.query_parameters())
    require(is_utf8(name) && is_utf8(value), "queries are UTF-8");
  return 0;
}

// One HTTP response: what a handler returns.
//
// The server does centrally what every response needs: Date, X-Request-Id, security and CORS headers, HEAD, conditional
// requests against `etag` (304), a Range of bytes and files (206, 416), compression of texts, framing. A handler only
// says what the answer is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file_descriptor.h"
#include "http/event_stream.h"
#include "http/header_list.h"

namespace samcache::http {

class HttpRequest;

// A part of an open file; sent with sendfile(2) where the connection is not encrypted. The file must not shrink.
struct FileRange {
  std::shared_ptr<const FileDescriptor> file;
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

struct HttpResponse {
  using Body = std::variant<std::string, SharedBytes, FileRange, std::shared_ptr<EventStream>>;

  int status = 200;
  HeaderList headers = {};
  Body body = std::string();
  // An entity tag with its quotes ("\"abc\"" or "W/\"abc\""); empty: none. Sent, and compared with If-None-Match and
  // If-Range.
  std::string etag = {};

  // Texts are compressed when the client accepts it, they are large enough and their type is compressible.
  static HttpResponse text(int status, std::string_view content_type, std::string body);
  static HttpResponse json(int status, std::string document);
  static HttpResponse bytes(std::string_view content_type, SharedBytes body);
  static HttpResponse file(std::string_view content_type, FileRange range);
  static HttpResponse events(std::shared_ptr<EventStream> stream);
  static HttpResponse no_content();                                           // 204
  static HttpResponse redirect(std::string_view location, int status = 303);  // `location` must be a valid header value

  std::uint64_t body_size() const;  // 0 for an event stream
};

// A member that a problem carries besides the standard ones; `json` is its value as JSON text.
struct ProblemMember {
  std::string name;
  std::string json;
};

// RFC 9457 problem details: {"type":"about:blank","title":(the status's phrase),"status":…,"detail":…, members…}.
// `detail` may be any bytes; what is not UTF-8 is replaced.
HttpResponse problem(int status, std::string_view detail, const std::vector<ProblemMember>& members = {});
// kInvalidArgument 400, kNotFound 404, kTooLarge 413, kUnsupported 415, kCorrupt 422, kUnavailable 503 with
// Retry-After, kOutOfSpace 507, kCancelled 409, kIo 500 (its message stays inside: the detail is a general one).
HttpResponse problem(const Error& error);
// 429 with Retry-After.
HttpResponse too_many_requests(std::string_view detail, int retry_after_s);

// "Not Found"; "Unknown" for a status without a phrase.
std::string_view reason_phrase(int status);

// 304 when the request's If-None-Match names `etag`: for handlers that would do much work first. (The server does the
// same for every response with an etag.)
std::optional<HttpResponse> if_not_modified(const HttpRequest& request, std::string_view etag);
// 412 when the request has If-Match and it does not name `etag` ("" : the resource does not exist), or has
// If-None-Match: * and the resource exists.
std::optional<HttpResponse> if_precondition_failed(const HttpRequest& request, std::string_view etag);

// `attachment; filename="…"; filename*=UTF-8''…` (RFC 6266, 8187) for any file name, hostile ones included: folders are
// cut off, control characters and invalid UTF-8 replaced. `disposition`: "attachment" or "inline".
std::string content_disposition(std::string_view disposition, std::string_view file_name);

}  // namespace samcache::http

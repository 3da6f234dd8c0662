#include "http/http_response.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "http/entity_tag.h"
#include "http/http_request.h"

namespace samcache::http {
namespace {

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return 400;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kCancelled: return 409;
    case ErrorCode::kTooLarge: return 413;
    case ErrorCode::kUnsupported: return 415;
    case ErrorCode::kCorrupt: return 422;
    case ErrorCode::kUnavailable: return 503;
    case ErrorCode::kOutOfSpace: return 507;
    case ErrorCode::kIo: break;
  }
  return 500;
}

}  // namespace

HttpResponse HttpResponse::text(int status, std::string_view content_type, std::string body) {
  HttpResponse response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", content_type);
  return response;
}

HttpResponse HttpResponse::json(int status, std::string document) {
  return text(status, "application/json", std::move(document));
}

HttpResponse HttpResponse::bytes(std::string_view content_type, SharedBytes body) {
  HttpResponse response{.body = std::move(body)};
  response.headers.add("Content-Type", content_type);
  return response;
}

HttpResponse HttpResponse::file(std::string_view content_type, FileRange range) {
  HttpResponse response{.body = std::move(range)};
  response.headers.add("Content-Type", content_type);
  return response;
}

HttpResponse HttpResponse::events(std::shared_ptr<EventStream> stream) {
  HttpResponse response{.body = std::move(stream)};
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("X-Accel-Buffering", "no");  // nginx in front would wait for more
  return response;
}

HttpResponse HttpResponse::no_content() { return {.status = 204}; }

HttpResponse HttpResponse::redirect(std::string_view location, int status) {
  HttpResponse response{.status = status};
  response.headers.add("Location", location);
  return response;
}

std::uint64_t HttpResponse::body_size() const {
  if (const auto* text = std::get_if<std::string>(&body)) return text->size();
  if (const auto* bytes = std::get_if<SharedBytes>(&body)) return bytes->size();
  if (const auto* range = std::get_if<FileRange>(&body)) return range->size_bytes;
  return 0;
}

HttpResponse problem(int status, std::string_view detail, const std::vector<ProblemMember>& members) {
  std::string document = R"({"type":"about:blank","title":)" + json_text(reason_phrase(status)) + R"(,"status":)" +
                         std::to_string(status) + R"(,"detail":)" + json_text(detail);
  for (const ProblemMember& member : members) {
    document.append(",").append(json_text(member.name)).append(":").append(member.json);
  }
  HttpResponse response = HttpResponse::text(status, "application/problem+json", document + "}");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

HttpResponse problem(const Error& error) {
  const int status = status_of(error.code);
  if (status == 500) return problem(status, "the server failed; its log says why");
  HttpResponse response = problem(status, error.message);
  if (status == 503) response.headers.set("Retry-After", "1");
  return response;
}

HttpResponse too_many_requests(std::string_view detail, int retry_after_s) {
  HttpResponse response = problem(429, detail);
  response.headers.set("Retry-After", std::to_string(retry_after_s));
  return response;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

std::optional<HttpResponse> if_not_modified(const HttpRequest& request, std::string_view etag) {
  const auto asked = request.header("If-None-Match");
  if (!asked || etag.empty() || !any_tag_matches(*asked, etag, TagComparison::kWeak)) return std::nullopt;
  return HttpResponse{.status = 304, .etag = std::string(etag)};
}

std::optional<HttpResponse> if_precondition_failed(const HttpRequest& request, std::string_view etag) {
  if (const auto wanted = request.header("If-Match");
      wanted && (etag.empty() || !any_tag_matches(*wanted, etag, TagComparison::kStrong))) {
    return problem(412, "If-Match does not name what is stored; read it again");
  }
  if (const auto unwanted = request.header("If-None-Match");
      unwanted && !etag.empty() && any_tag_matches(*unwanted, etag, TagComparison::kWeak)) {
    return problem(412, "If-None-Match names what is stored already");
  }
  return std::nullopt;
}

}  // namespace samcache::http

// One HTTP request as handlers see it.
//
// The server makes it, fills it step by step (head, route, filters, body) and keeps it alive until the answer is
// written. It stays at one address, and every string_view it gives out lives as long as it does. Only one thread works
// on a request at a time (the connection's, then a pool's), so nothing here is locked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/deadline.h"
#include "base/error.h"
#include "http/body_sink.h"
#include "http/multipart_form.h"

namespace samcache::http {

struct Route;

// What a request consists of; the server fills it in, everybody else reads it through HttpRequest.
struct RequestParts {
  using Field = std::pair<std::string_view, std::string_view>;
  using Parameter = std::pair<std::string, std::string>;

  std::string head;  // as it was sent; the views below lie in it
  std::string_view method = {};
  std::string_view target = {};
  std::string_view traceparent = {};
  int version = 11;
  std::vector<Field> headers = {};
  std::string path = {};
  std::vector<Parameter> path_parameters = {};
  std::vector<Parameter> query = {};
  std::string body = {};
  std::uint64_t body_bytes = 0;  // as sent
  std::unique_ptr<MultipartForm> form = {};
  std::shared_ptr<BodySink> sink = {};
  std::string peer = {};
  bool is_secure = false;
  std::string id = {};
  Deadline deadline = Deadline::never();
  const Route* route = nullptr;
  std::shared_ptr<const void> principal = {};
};

class HttpRequest {
 public:
  using Field = RequestParts::Field;
  using Parameter = RequestParts::Parameter;

  HttpRequest() = default;
  HttpRequest(const HttpRequest&) = delete;
  HttpRequest& operator=(const HttpRequest&) = delete;

  // A request that came from no connection, for tests of handlers; parsed as one from the network would be.
  static Result<std::shared_ptr<HttpRequest>> make(std::string_view method, std::string_view target,
                                                   std::span<const Field> headers = {}, std::string body = {});

  // "GET"; upper case as it was sent. A HEAD request that a GET route answers still says HEAD.
  std::string_view method() const { return parts_.method; }
  // Path and query as they were sent.
  std::string_view target() const { return parts_.target; }
  // The decoded path.
  std::string_view path() const { return parts_.path; }
  // 10 or 11.
  int version() const { return parts_.version; }

  // The decoded value of "{name}" in the route's pattern; a name the pattern does not have is a bug and throws.
  std::string_view path_parameter(std::string_view name) const;
  // The first decoded "name=value" of the query, or all of them.
  std::optional<std::string_view> query(std::string_view name) const;
  std::vector<std::string_view> query_all(std::string_view name) const;
  const std::vector<Parameter>& query_parameters() const { return parts_.query; }

  // The first header of that name, without regard to case; surrounding spaces are gone.
  std::optional<std::string_view> header(std::string_view name) const;
  const std::vector<Field>& headers() const { return parts_.headers; }
  // A cookie's value.
  std::optional<std::string_view> cookie(std::string_view name) const;

  // A route of BodyPolicy::kBuffered: the body, with Content-Encoding undone.
  std::string_view body() const { return parts_.body; }
  // kMultipart: the form. kStreamed: what the route's `open_sink` returned, finished.
  MultipartForm* form() const { return parts_.form.get(); }
  const std::shared_ptr<BodySink>& sink() const { return parts_.sink; }
  std::uint64_t body_bytes() const { return parts_.body_bytes; }

  // "127.0.0.1" or "::1", or what the trusted proxy's X-Forwarded-For says; "unix" for a Unix socket.
  const std::string& peer() const { return parts_.peer; }
  bool is_secure() const { return parts_.is_secure; }
  // X-Request-Id where the client sent a well-formed one (1–128 of A-Z a-z 0-9 . _ -), else one made here.
  const std::string& id() const { return parts_.id; }
  // As sent and well-formed (W3C Trace Context), else empty.
  std::string_view traceparent() const { return parts_.traceparent; }
  // When the server gives up waiting for the answer.
  Deadline deadline() const { return parts_.deadline; }
  // The route that answers; nullptr while none is known.
  const Route* route() const { return parts_.route; }

  // Who asks, as a filter found out: any type, which the filter and the handlers agree on.
  template <class T>
  void set_principal(std::shared_ptr<const T> principal) {
    parts_.principal = std::move(principal);
  }
  template <class T>
  const T* principal() const {
    return static_cast<const T*>(parts_.principal.get());
  }
  bool has_principal() const { return parts_.principal != nullptr; }

 private:
  friend RequestParts& parts_of(HttpRequest& request);  // the server's side: request_head.h
  RequestParts parts_;
};

}  // namespace samcache::http

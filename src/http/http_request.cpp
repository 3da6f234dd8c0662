#include "http/http_request.h"

#include "base/text.h"
#include "http/request_head.h"
#include "http/server.h"
#include "http/tokens.h"

namespace samcache::http {

Result<std::shared_ptr<HttpRequest>> HttpRequest::make(std::string_view method, std::string_view target,
                                                       std::span<const Field> headers, std::string body) {
  std::string head = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n";
  for (const auto& [name, value] : headers) head.append(name).append(": ").append(value).append("\r\n");
  auto request = std::make_shared<HttpRequest>();
  RequestFraming framing;
  if (const auto refusal = parse_request_head(head + "\r\n", HttpLimits{}, *request, framing)) {
    return Error{ErrorCode::kInvalidArgument, refusal->detail};
  }
  RequestParts& parts = parts_of(*request);
  parts.body_bytes = body.size();
  parts.body = std::move(body);
  parts.peer = "127.0.0.1";
  return request;
}

std::string_view HttpRequest::path_parameter(std::string_view name) const {
  for (const Parameter& parameter : parts_.path_parameters) {
    if (parameter.first == name) return parameter.second;
  }
  check(false, "HttpRequest: the route's pattern has no parameter " + in_quotes(name));
  return {};
}

std::optional<std::string_view> HttpRequest::query(std::string_view name) const {
  for (const Parameter& parameter : parts_.query) {
    if (parameter.first == name) return parameter.second;
  }
  return std::nullopt;
}

std::vector<std::string_view> HttpRequest::query_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Parameter& parameter : parts_.query) {
    if (parameter.first == name) values.emplace_back(parameter.second);
  }
  return values;
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const Field& field : parts_.headers) {
    if (same_token(field.first, name)) return field.second;
  }
  return std::nullopt;
}

std::optional<std::string_view> HttpRequest::cookie(std::string_view name) const {
  std::string_view cookies = header("Cookie").value_or("");
  while (!cookies.empty()) {
    const std::string_view pair = next_element(cookies, ';');
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace samcache::http

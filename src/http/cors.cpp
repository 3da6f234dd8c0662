#include "http/cors.h"

#include <algorithm>

#include "http/server.h"
#include "http/tokens.h"

namespace samcache::http {
namespace {

bool allows_any(const CorsOptions& options) {
  return std::ranges::find(options.allowed_origins, "*") != options.allowed_origins.end();
}

bool is_allowed(const CorsOptions& options, std::string_view origin) {
  return allows_any(options) || std::ranges::find(options.allowed_origins, origin) != options.allowed_origins.end();
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

void add_cors_headers(const CorsOptions& options, const HttpRequest& request, HttpResponse& response) {
  if (options.allowed_origins.empty()) return;
  response.headers.add_to_list("Vary", "Origin");
  const auto origin = request.header("Origin");
  if (!origin || !is_allowed(options, *origin)) return;
  response.headers.set("Access-Control-Allow-Origin", allows_any(options) ? "*" : *origin);
  response.headers.set("Access-Control-Expose-Headers", joined(options.exposed_headers));
}

HttpResponse answer_options(const CorsOptions& options, const HttpRequest& request, std::string_view allow) {
  HttpResponse response = HttpResponse::no_content();
  response.headers.set("Allow", allow);
  const auto origin = request.header("Origin");
  if (!origin || !request.header("Access-Control-Request-Method") || !is_allowed(options, *origin)) return response;
  response.headers.set("Access-Control-Allow-Methods", allow);
  response.headers.set("Access-Control-Allow-Headers", joined(options.allowed_headers));
  response.headers.set("Access-Control-Max-Age", std::to_string(options.max_age.count()));
  return response;
}

bool may_open_web_socket(const std::vector<std::string>& allowed, const HttpRequest& request) {
  const auto origin = request.header("Origin");
  if (!origin) return true;
  if (std::ranges::find(allowed, "*") != allowed.end() || std::ranges::find(allowed, *origin) != allowed.end())
    return true;
  const std::size_t scheme_end = origin->find("://");
  const auto host = request.header("Host");
  return host && scheme_end != std::string_view::npos && same_token(origin->substr(scheme_end + 3), *host);
}

}  // namespace samcache::http

#include "api/adapters/adapter_routes.h"

#include "api/adapters/adapter_handlers.h"

namespace samcache {
namespace {

using Handler = void (*)(AdapterContext&, const SharedRequest&, http::Responder);

enum class Body { kNone, kSmall, kImage };

struct Row {
  bool AdapterOptions::*is_on;
  const char* method;
  const char* pattern;
  RouteAccess access;
  Handler handler;
  Body body = Body::kNone;
};

constexpr bool AdapterOptions::*kLabelStudio = &AdapterOptions::label_studio;
constexpr bool AdapterOptions::*kXAnyLabeling = &AdapterOptions::x_anylabeling;
constexpr bool AdapterOptions::*kCvat = &AdapterOptions::cvat;

// Each tool has its own way of sending a token. A prompt on a new picture adds that picture: it needs both scopes.
constexpr RouteAccess kAnyone = {Permission::kNone};
constexpr RouteAccess kBasicRead = {Permission::kRead, TokenForm::kBasicPassword};
constexpr RouteAccess kBasicPrompt = {Permission::kReadWrite, TokenForm::kBasicPassword};
constexpr RouteAccess kHeaderRead = {Permission::kRead, TokenForm::kTokenHeader};
constexpr RouteAccess kHeaderPrompt = {Permission::kReadWrite, TokenForm::kTokenHeader};
constexpr RouteAccess kBearerRead = {Permission::kRead};
constexpr RouteAccess kBearerPrompt = {Permission::kReadWrite};

// clang-format off
constexpr Row kRows[] = {
    {kLabelStudio,  "GET",  "/label-studio/health",              kAnyone,       label_studio_health},
    {kLabelStudio,  "POST", "/label-studio/setup",               kBasicRead,    label_studio_setup,    Body::kSmall},
    {kLabelStudio,  "POST", "/label-studio/predict",             kBasicPrompt,  label_studio_predict,  Body::kImage},
    {kLabelStudio,  "POST", "/label-studio/train",               kBasicRead,    label_studio_train,    Body::kImage},
    {kLabelStudio,  "POST", "/label-studio/webhook",             kBasicRead,    label_studio_webhook,  Body::kImage},
    {kXAnyLabeling, "GET",  "/x-anylabeling/health",             kAnyone,       x_anylabeling_health},
    {kXAnyLabeling, "GET",  "/x-anylabeling/v1/models",          kHeaderRead,   x_anylabeling_models},
    {kXAnyLabeling, "GET",  "/x-anylabeling/v1/models/{id}/info", kHeaderRead,  x_anylabeling_model},
    {kXAnyLabeling, "POST", "/x-anylabeling/v1/predict",         kHeaderPrompt, x_anylabeling_predict, Body::kImage},
    {kCvat,         "GET",  "/api/functions",                    kBearerRead,   cvat_functions},
    {kCvat,         "GET",  "/api/functions/{name}",             kBearerRead,   cvat_function},
    {kCvat,         "POST", "/api/function_invocations",         kBearerPrompt, cvat_invoke,           Body::kImage},
};
// clang-format on

// What handlers of all adapters share; owned by the routes.
struct Adapters {
  std::shared_ptr<ApiContext> api;
  std::unique_ptr<ImageFetcher> fetcher;
  AdapterContext context{*api, *fetcher};
};

http::Route route_of(const Row& row, const std::shared_ptr<Adapters>& adapters) {
  const ApiOptions& options = adapters->api->options;
  http::Route route{.method = row.method, .pattern = row.pattern};
  route.options.pool = static_cast<std::size_t>(Pool::kAdapter);
  route.options.timeout = row.body == Body::kImage ? options.encode_timeout : options.timeout;
  route.options.tag = access_tag(row.access);
  if (row.body != Body::kNone) {
    route.options.body = http::BodyPolicy::kBuffered;
    route.options.content_types = {"application/json"};
    route.options.max_body_bytes = row.body == Body::kImage ? options.adapters.max_body_bytes : options.max_json_bytes;
  }
  route.async_handler = [adapters, handler = row.handler](const SharedRequest& request, http::Responder responder) {
    handler(adapters->context, request, std::move(responder));
  };
  return route;
}

}  // namespace

Status add_adapter_routes(const std::shared_ptr<ApiContext>& context, http::Router& router) {
  const AdapterOptions& options = context->options.adapters;
  if (!options.any()) return {};
  Result<std::unique_ptr<ImageFetcher>> fetcher = ImageFetcher::create(options);
  if (!fetcher) return fetcher.error();
  const auto adapters = std::make_shared<Adapters>(Adapters{context, std::move(*fetcher)});
  for (const Row& row : kRows) {
    if (options.*row.is_on) router.add(route_of(row, adapters));
  }
  return {};
}

std::vector<std::string> adapter_route_names() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.push_back(std::string(row.method) + ' ' + row.pattern);
  return names;
}

}  // namespace samcache

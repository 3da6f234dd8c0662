#include "api/routes.h"

#include <variant>

#include "api/audit.h"
#include "api/handlers.h"
#include "catalog/annotations.h"

namespace samcache {
namespace {

using http::BodyPolicy;
using http::HttpRequest;
using http::HttpResponse;

using Read = Answer (*)(ApiContext&, HttpRequest&);
using Write = Answer (*)(ApiContext&, HttpRequest&, Written&);
using Later = void (*)(ApiContext&, const std::shared_ptr<HttpRequest>&, http::Responder);
using AtOnce = std::optional<HttpResponse> (*)(ApiContext&, HttpRequest&);
using Connect = Socket (*)(ApiContext&, HttpRequest&);

enum class Body { kNone, kImageIds, kPrompt, kDocument, kImageForm, kEncoding };

struct Row {
  const char* method;
  const char* pattern;
  Permission permission;
  Pool pool;
  std::variant<Read, Write, Later, AtOnce, Connect> handler;
  Body body = Body::kNone;
  AtOnce at_once = nullptr;  // tried first, on the event loop
};

constexpr Permission kNobody = Permission::kNone, kRead = Permission::kRead, kWrite = Permission::kWrite,
                     kAdmin = Permission::kAdmin, kOperator = Permission::kOperator;
constexpr Pool kQuick = Pool::kQuick, kStore = Pool::kStore, kPrompt = Pool::kPrompt;

// clang-format off
constexpr Row kRows[] = {
    {"GET",    "/api/v1/images",                        kRead,     kQuick,  list_images},
    {"POST",   "/api/v1/images",                        kWrite,    kStore,  upload_image,     Body::kImageForm},
    {"GET",    "/api/v1/images/{id}",                   kRead,     kQuick,  get_image,        Body::kNone, get_image_at_once},
    {"DELETE", "/api/v1/images/{id}",                   kWrite,    kStore,  delete_image},
    {"GET",    "/api/v1/images/{id}/content",           kRead,     kStore,  get_content},
    {"GET",    "/api/v1/images/{id}/thumbnail",         kRead,     kStore,  get_thumbnail},
    {"POST",   "/api/v1/images/{id}/encode",            kWrite,    kQuick,  encode_image},
    {"GET",    "/api/v1/images/{id}/encoding",          kRead,     kStore,  get_encoding},
    {"PUT",    "/api/v1/images/{id}/encoding",          kAdmin,    kStore,  put_encoding,     Body::kEncoding},
    {"POST",   "/api/v1/images/{id}/infer",             kRead,     kPrompt, infer,            Body::kPrompt},
    {"GET",    "/api/v1/images/{id}/interactive",       kRead,     kQuick,  open_session},
    {"GET",    "/api/v1/images/{id}/annotations",       kRead,     kQuick,  get_annotations},
    {"PUT",    "/api/v1/images/{id}/annotations",       kWrite,    kQuick,  put_annotations,  Body::kDocument},
    {"GET",    "/api/v1/images/{id}/events",            kRead,     kQuick,  listen_to_image},
    {"GET",    "/api/v1/events",                        kRead,     kQuick,  listen_to_images},
    {"GET",    "/api/v1/projects",                      kRead,     kQuick,  list_projects},
    {"POST",   "/api/v1/encodings/batch",               kWrite,    kQuick,  encode_batch,     Body::kImageIds},
    {"GET",    "/api/v1/jobs/{id}",                     kRead,     kQuick,  get_job},
    {"DELETE", "/api/v1/jobs/{id}",                     kWrite,    kQuick,  cancel_job},
    {"GET",    "/api/v1/masks/{id}",                    kNobody,   kQuick,  get_mask},
    {"POST",   "/api/v1/cache/warm",                    kWrite,    kQuick,  warm_cache,       Body::kImageIds},
    {"GET",    "/api/v1/cache/stats",                   kRead,     kQuick,  get_cache_stats},
    {"GET",    "/api/v1/models/current",                kRead,     kQuick,  get_model},
    {"GET",    "/api/v1/models/current/{part}.onnx",    kRead,     kStore,  get_model_part},
    {"GET",    "/healthz",                              kNobody,   kQuick,  get_health},
    {"GET",    "/readyz",                               kNobody,   kQuick,  get_readiness},
    {"GET",    "/v2/health/live",                       kNobody,   kQuick,  get_health},
    {"GET",    "/v2/health/ready",                      kNobody,   kQuick,  get_readiness},
    {"GET",    "/metrics",                              kOperator, kQuick,  get_metrics},
    {"GET",    "/openapi.yaml",                         kNobody,   kQuick,  get_openapi},
};
// clang-format on

// And not about images: what a worker answers, too.
bool is_about_the_process(const Row& row) {
  return (row.permission == kNobody || row.permission == kOperator) &&
         !std::string_view(row.pattern).starts_with("/api/");
}

HttpResponse response_of(Answer answer) { return answer ? std::move(*answer) : http::problem(answer.error()); }

void set_body(const ApiOptions& options, Body body, http::RouteOptions& route) {
  switch (body) {
    case Body::kNone: return;
    case Body::kImageIds:
    case Body::kPrompt:
    case Body::kDocument:
      route.body = BodyPolicy::kBuffered;
      route.content_types = {"application/json"};
      route.max_body_bytes = body == Body::kPrompt     ? kInferBodyLimits.max_bytes
                             : body == Body::kDocument ? kMaxAnnotationBytes
                                                       : options.max_json_bytes;
      return;
    case Body::kImageForm:
      route.body = BodyPolicy::kMultipart;
      route.multipart = {.max_parts = 8,
                         .max_field_bytes = 1024,
                         .max_file_bytes = options.max_upload_bytes,
                         .folder = options.upload_folder};
      route.max_body_bytes = options.max_upload_bytes + (64 << 10);  // and what is around the file
      return;
    case Body::kEncoding:
      route.body = BodyPolicy::kStreamed;
      route.content_types = {"application/octet-stream"};
      route.max_body_bytes = options.max_encoding_bytes;
      return;
  }
}

// Turns the row's function into what the router calls.
struct Binder {
  std::shared_ptr<ApiContext> context;
  http::Route& route;

  void operator()(Read handler) const {
    route.handler = [shared = context, handler](HttpRequest& request) {
      return response_of(handler(*shared, request));
    };
  }
  void operator()(Write handler) const {
    route.handler = [shared = context, handler](HttpRequest& request) {
      Written written;
      Answer answer = handler(*shared, request, written);
      if (answer && *written.action != '\0') record_write(*shared, request, written);
      return response_of(std::move(answer));
    };
  }
  void operator()(Later handler) const {
    route.options.timeout = context->options.encode_timeout;
    route.async_handler = [shared = context, handler](const std::shared_ptr<HttpRequest>& request,
                                                      http::Responder responder) {
      handler(*shared, request, std::move(responder));
    };
  }
  void operator()(AtOnce handler) const { route.fast = bound(handler); }
  void operator()(Connect handler) const {
    route.web_socket = [shared = context, handler](HttpRequest& request) { return handler(*shared, request); };
  }
  http::FastHandler bound(AtOnce handler) const {
    return [shared = context, handler](HttpRequest& request) { return handler(*shared, request); };
  }
};

}  // namespace

http::Router make_router(const std::shared_ptr<ApiContext>& context) {
  http::Router router;
  for (const Row& row : kRows) {
    if (context->options.health_only && !is_about_the_process(row)) continue;
    http::Route route{.method = row.method, .pattern = row.pattern};
    route.options.pool = static_cast<std::size_t>(row.pool);
    route.options.timeout = context->options.timeout;
    route.options.tag = permission_name(row.permission);
    set_body(context->options, row.body, route.options);
    const Binder binder{context, route};
    std::visit(binder, row.handler);
    if (row.at_once != nullptr) route.fast = binder.bound(row.at_once);
    if (row.body == Body::kEncoding) {
      route.open_sink = [shared = context](HttpRequest& request) { return open_encoding(*shared, request); };
    }
    router.add(std::move(route));
  }
  return router;
}

std::vector<std::string> route_names() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.push_back(std::string(row.method) + ' ' + row.pattern);
  return names;
}

}  // namespace samcache

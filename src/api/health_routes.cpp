// For whoever runs the server: does it live, is it ready, what does it count, what does it offer.
#include <string>

#include "api/handlers.h"
#include "api/openapi_document.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

constexpr const char* kOk = R"({"status":"ok"})";
constexpr std::chrono::seconds kStatsPatience{2};

void sample_server(const ApiContext& context, ServiceSample& sample) {
  const http::Server* server = context.server;
  if (server == nullptr) return;
  sample.http = server->gauges();
  const ApiOptions& options = context.options;
  std::size_t index = 0;
  for (const http::PoolOptions* pool : {&options.quick_pool, &options.store_pool, &options.prompt_pool}) {
    sample.pools.push_back({pool->name, server->pool_waiting(index++)});
  }
  if (options.adapters.any()) sample.pools.push_back({options.adapter_pool.name, server->pool_waiting(index)});
}

}  // namespace

std::optional<HttpResponse> get_health(ApiContext&, HttpRequest&) { return HttpResponse::json(200, kOk); }

Answer get_readiness(ApiContext& context, HttpRequest&) {
  const Status ready =
      context.stopping ? Error{ErrorCode::kUnavailable, "the server is shutting down"} : context.readiness.ask();
  if (ready) return HttpResponse::json(200, kOk);
  return http::problem({ErrorCode::kUnavailable, ready.error().message});
}

Answer get_metrics(ApiContext& context, HttpRequest&) {
  const Service& service = context.service;
  ServiceSample sample;
  sample.stores = service.stores.store->stats();
  for (const auto& store : service.stores.verified) sample.verified.push_back(store->counts());
  sample.device = service.model->cache_stats();
  sample.batches = service.model->batch_stats();
  sample.waiting_prompts = service.model->waiting_prompts();
  const Result<QueueStats> queue = service.queue->stats(Deadline::after(kStatsPatience));
  if (queue) sample.queue = *queue;
  sample.pools.push_back({"waiting", context.waiting.waiting()});
  sample_server(context, sample);
  return HttpResponse::text(200, "text/plain; version=0.0.4; charset=utf-8", context.metrics.text(sample));
}

std::optional<HttpResponse> get_openapi(ApiContext&, HttpRequest&) {
  HttpResponse response = HttpResponse::text(200, "application/yaml; charset=utf-8", std::string(kOpenapiDocument));
  response.etag = kOpenapiEtag;
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

}  // namespace samcache

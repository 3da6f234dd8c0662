// Where encodings lie, and bringing them nearer.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/handlers.h"
#include "api/json/image_ids.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;
using Json = nlohmann::ordered_json;

constexpr int kWarmingRetry_s = 5;

// One of the two.
struct WarmBody {
  std::vector<std::string> image_ids;
  std::optional<std::string> project;
};

Result<WarmBody> parse_warm_body(const ApiContext& context, const HttpRequest& request) {
  const Result<nlohmann::json> document = parse_json(request.body(), {.max_bytes = context.options.max_json_bytes});
  if (!document) return document.error();
  JsonFields body(*document, "");
  WarmBody wanted;
  wanted.image_ids = read_image_ids(body, context.options.max_images_asked);
  std::string project;
  if (body.read("project", project, kMaxProjectLength)) wanted.project = project;
  if (wanted.image_ids.empty() != wanted.project.has_value()) {
    body.refuse("", "must have either image_ids or project");
  }
  if (Status status = body.finish(); !status) return status.error();
  return wanted;
}

Json tier_json(const TierStats& tier) {
  return {{"kind", tier.kind},
          {"hits", tier.hits},
          {"misses", tier.misses},
          {"errors", tier.errors},
          {"passed_over", tier.passed_over},
          {"read_bytes", tier.read_bytes},
          {"written_bytes", tier.written_bytes},
          {"read_seconds", tier.read_seconds},
          {"evictions", tier.usage.evictions},
          {"objects", tier.usage.objects},
          {"used_bytes", tier.usage.used_bytes},
          {"budget_bytes", tier.usage.budget_bytes},
          {"pinned_bytes", tier.usage.pinned_bytes},
          {"resting", tier.resting}};
}

Json device_json(const PinnedCacheStats& device) {
  return {{"hits", device.hits + device.joined}, {"misses", device.misses},    {"evictions", device.evictions},
          {"objects", device.entries},           {"used_bytes", device.bytes}, {"budget_bytes", device.budget_bytes}};
}

Status warm(ApiContext& context, const HttpRequest& request, const WarmBody& body) {
  if (body.project) return context.service.warming->warm_project(*body.project);
  Result<std::vector<ImageRecord>> images = requested_images(context, request, body.image_ids);
  if (!images) return images.error();
  return context.service.warming->warm(std::move(*images));
}

}  // namespace

Answer warm_cache(ApiContext& context, HttpRequest& request, Written& written) {
  const Result<WarmBody> body = parse_warm_body(context, request);
  if (!body) return body.error();
  if (body->project && !caller_of(request).sees(*body->project)) return forbidden_project();
  const Status taken_on = warm(context, request, *body);
  if (!taken_on && taken_on.error().code == ErrorCode::kUnavailable) {
    return http::too_many_requests(taken_on.error().message, kWarmingRetry_s);
  }
  if (!taken_on) return taken_on.error();
  written = {.action = "cache.warm",
             .subject = body->project.value_or(""),
             .detail = body->project ? "project" : std::to_string(body->image_ids.size()) + " images"};
  return HttpResponse::json(202, R"({"status":"started"})");
}

Answer get_cache_stats(ApiContext& context, HttpRequest&) {
  const TieredStats stats = context.service.stores.store->stats();
  Json tiers = Json::array();
  for (const TierStats& tier : stats.tiers) tiers.push_back(tier_json(tier));
  const Json answer = {{"device", device_json(context.service.model->cache_stats())},
                       {"tiers", std::move(tiers)},
                       {"made", stats.made},
                       {"shared", stats.shared},
                       {"pending_writes", stats.pending_writes},
                       {"dropped_copies", stats.dropped_copies}};
  return HttpResponse::json(200, answer.dump());
}

}  // namespace samcache

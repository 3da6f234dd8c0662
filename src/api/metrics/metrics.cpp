#include "api/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <tuple>

#include "api/metrics/sampled_metrics.h"

namespace samcache {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;

using Buckets = Histogram::BucketBoundaries;

const Buckets& request_buckets() {
  static const Buckets buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                  0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
  return buckets;
}

const Buckets& encode_buckets() {
  static const Buckets buckets = {0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 240};
  return buckets;
}

// A name from outside that may become a label.
std::string_view known_method(std::string_view method) {
  constexpr std::array kKnown = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
  return std::ranges::find(kKnown, method) == kKnown.end() ? std::string_view("other") : method;
}

}  // namespace

struct Metrics::Series {
  prometheus::Registry registry;
  Family<Counter>& requests = prometheus::BuildCounter()
                                  .Name("samcache_http_requests_total")
                                  .Help("Requests by route, method and status; route none: no such path")
                                  .Register(registry);
  Family<Histogram>& request_seconds = prometheus::BuildHistogram()
                                           .Name("samcache_http_request_seconds")
                                           .Help("From a request's first byte to its answer's last")
                                           .Register(registry);
  Family<Counter>& request_bytes = prometheus::BuildCounter()
                                       .Name("samcache_http_body_bytes_total")
                                       .Help("Bytes of bodies, in and out")
                                       .Register(registry);
  Counter& bytes_in = request_bytes.Add({{"direction", "in"}});
  Counter& bytes_out = request_bytes.Add({{"direction", "out"}});
  Family<Histogram>& prompt_seconds = prometheus::BuildHistogram()
                                          .Name("samcache_prompt_seconds")
                                          .Help("Where the time of prompts went: load, prompt, mask")
                                          .Register(registry);
  Family<Counter>& prompts = prometheus::BuildCounter()
                                 .Name("samcache_prompts_total")
                                 .Help("Answered prompts by mode and where the encoding came from")
                                 .Register(registry);
  Histogram& encode_seconds = prometheus::BuildHistogram()
                                  .Name("samcache_encode_seconds")
                                  .Help("Encodes by this process's worker")
                                  .Register(registry)
                                  .Add({}, encode_buckets());
  Family<Counter>& encodes = prometheus::BuildCounter()
                                 .Name("samcache_encodes_total")
                                 .Help("Encode jobs by what became of them in this process")
                                 .Register(registry);

  // Looking a series up by its labels costs more than the rest of counting; so each is found once.
  struct OfRoute {
    Counter* count;
    Histogram* seconds;
  };
  using RouteKey = std::tuple<std::string, std::string, int>;
  using RouteView = std::tuple<std::string_view, std::string_view, int>;
  struct RouteLess {
    using is_transparent = void;
    static RouteView view(const RouteKey& key) { return key; }
    static const RouteView& view(const RouteView& key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return view(a) < view(b);
    }
  };
  std::mutex mutex;
  std::map<RouteKey, OfRoute, RouteLess> by_route;

  OfRoute of_route(std::string_view route, std::string_view method, int status) {
    const std::scoped_lock lock(mutex);
    const RouteView view{route, method, status};
    const auto found = by_route.find(view);
    if (found != by_route.end()) return found->second;
    const std::string route_name = route.empty() ? "none" : std::string(route);
    const OfRoute made{
        &requests.Add({{"route", route_name}, {"method", std::string(method)}, {"status", std::to_string(status)}}),
        &request_seconds.Add({{"route", route_name}}, request_buckets())};
    by_route.emplace(RouteKey(view), made);
    return made;
  }
};

Metrics::Metrics() : series_(std::make_unique<Series>()) {}

Metrics::~Metrics() = default;

void Metrics::on_request(const http::RequestRecord& record) {
  const Series::OfRoute series = series_->of_route(record.route, known_method(record.method), record.status);
  series.count->Increment();
  series.seconds->Observe(record.seconds);
  if (record.bytes_in > 0) series_->bytes_in.Increment(static_cast<double>(record.bytes_in));
  if (record.bytes_out > 0) series_->bytes_out.Increment(static_cast<double>(record.bytes_out));
}

void Metrics::on_prompt(const PromptRequest& request, const PromptAnswer& answer) {
  const std::string mode_name = std::holds_alternative<ConceptQuery>(request) ? "concept" : "interactive";
  const auto observe = [&](const char* part, double milliseconds) {
    series_->prompt_seconds.Add({{"mode", mode_name}, {"part", part}}, request_buckets()).Observe(milliseconds / 1e3);
  };
  observe("load", answer.timing.load_ms);
  observe("prompt", answer.timing.prompt_ms);
  observe("mask", answer.timing.mask_ms);
  series_->prompts.Add({{"mode", mode_name}, {"cache", answer.cache}}).Increment();
}

void Metrics::on_encode(const EncodeWorkerEvent& event) {
  series_->encodes.Add({{"result", std::string(encode_event_name(event.kind))}}).Increment();
  if (event.kind == EncodeWorkerEvent::Kind::kEncoded) series_->encode_seconds.Observe(event.seconds);
}

std::string Metrics::text(const ServiceSample& sample) const {
  std::vector<prometheus::MetricFamily> families = series_->registry.Collect();
  for (auto& more : {sampled_families(sample), process_families()}) {
    families.insert(families.end(), more.begin(), more.end());
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace samcache

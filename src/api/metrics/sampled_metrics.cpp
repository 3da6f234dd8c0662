#include "api/metrics/sampled_metrics.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>

namespace samcache {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Collects families; values of one family are added one after the other.
class Families {
 public:
  void begin_counter(const char* name, const char* help) { begin(MetricType::Counter, name, help); }
  void begin_gauge(const char* name, const char* help) { begin(MetricType::Gauge, name, help); }
  void add(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  void counter(const char* name, const char* help, double value) {
    begin_counter(name, help);
    add(value);
  }
  void gauge(const char* name, const char* help, double value) {
    begin_gauge(name, help);
    add(value);
  }
  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  void begin(MetricType type, const char* name, const char* help) {
    MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    families_.push_back(std::move(family));
  }
  std::vector<MetricFamily> families_;
};

double number(std::uint64_t value) { return static_cast<double>(value); }

// One value a tier; tiers are told apart by their place, for two may be of one kind.
template <class Value>
void add_tiers(Families& families, const TieredStats& stores, const Value& value) {
  for (std::size_t i = 0; i < stores.tiers.size(); ++i) {
    families.add(value(stores.tiers[i]), {{"tier", std::to_string(i)}, {"kind", stores.tiers[i].kind}});
  }
}

void add_stores(Families& families, const TieredStats& stores) {
  using Tier = const TierStats&;
  families.begin_counter("samcache_tier_hits_total", "Objects that a tier had");
  add_tiers(families, stores, [](Tier tier) { return number(tier.hits); });
  families.begin_counter("samcache_tier_misses_total", "Objects that a tier did not have");
  add_tiers(families, stores, [](Tier tier) { return number(tier.misses); });
  families.begin_counter("samcache_tier_errors_total", "Calls of a tier that failed");
  add_tiers(families, stores, [](Tier tier) { return number(tier.errors); });
  families.begin_counter("samcache_tier_passed_over_total", "Times a tier was not asked: resting, or dearer than anew");
  add_tiers(families, stores, [](Tier tier) { return number(tier.passed_over); });
  families.begin_counter("samcache_tier_read_bytes_total", "Bytes read from a tier");
  add_tiers(families, stores, [](Tier tier) { return number(tier.read_bytes); });
  families.begin_counter("samcache_tier_written_bytes_total", "Bytes written to a tier");
  add_tiers(families, stores, [](Tier tier) { return number(tier.written_bytes); });
  families.begin_counter("samcache_tier_read_seconds_total", "Time that the hits of a tier took");
  add_tiers(families, stores, [](Tier tier) { return tier.read_seconds; });
  families.begin_counter("samcache_tier_evictions_total", "Objects that a tier pushed out for want of room");
  add_tiers(families, stores, [](Tier tier) { return number(tier.usage.evictions); });
  families.begin_gauge("samcache_tier_objects", "Objects in a tier");
  add_tiers(families, stores, [](Tier tier) { return number(tier.usage.objects); });
  families.begin_gauge("samcache_tier_used_bytes", "Bytes in a tier");
  add_tiers(families, stores, [](Tier tier) { return number(tier.usage.used_bytes); });
  families.begin_gauge("samcache_tier_budget_bytes", "Bytes that a tier may hold; 0: no limit");
  add_tiers(families, stores, [](Tier tier) { return number(tier.usage.budget_bytes); });
  families.begin_gauge("samcache_tier_resting", "1 while a tier is left alone because it failed");
  add_tiers(families, stores, [](Tier tier) { return tier.resting ? 1.0 : 0.0; });
  families.counter("samcache_fetches_shared_total", "Fetches that got what another was fetching",
                   number(stores.shared));
  families.counter("samcache_dropped_copies_total", "Copies to faster tiers that were not made",
                   number(stores.dropped_copies));
  families.gauge("samcache_pending_writes", "Objects that write-back has still to write",
                 number(stores.pending_writes));
}

void add_verified(Families& families, const std::vector<VerifiedStoreCounts>& counts) {
  VerifiedStoreCounts sum;
  for (const VerifiedStoreCounts& one : counts) {
    sum.checked += one.checked;
    sum.mismatches += one.mismatches;
    sum.quarantined += one.quarantined;
  }
  families.counter("samcache_verified_objects_total", "Objects whose bytes were checked", number(sum.checked));
  families.counter("samcache_corrupt_reads_total", "Reads whose bytes were wrong", number(sum.mismatches));
  families.counter("samcache_quarantined_objects_total", "Objects put aside as damaged", number(sum.quarantined));
}

void add_device(Families& families, const ServiceSample& sample) {
  const PinnedCacheStats& cache = sample.device;
  families.counter("samcache_device_cache_hits_total", "Images that were ready for prompts",
                   number(cache.hits + cache.joined));
  families.counter("samcache_device_cache_misses_total", "Images that were made ready", number(cache.misses));
  families.counter("samcache_device_cache_evictions_total", "Images that made room for others",
                   number(cache.evictions));
  families.gauge("samcache_device_cache_images", "Images that are ready", number(cache.entries));
  families.gauge("samcache_device_cache_used_bytes", "Device memory they take", number(cache.bytes));
  families.gauge("samcache_device_cache_budget_bytes", "Device memory they may take", number(cache.budget_bytes));
  families.gauge("samcache_waiting_prompts", "Prompts that wait for the device",
                 static_cast<double>(sample.waiting_prompts));
  families.counter("samcache_clicks_total", "Prompts on one object that were decoded", number(sample.batches.prompts));
  families.counter("samcache_click_passes_total", "Passes of the decoder they took: fewer when they are batched",
                   number(sample.batches.passes));
}

void add_queue(Families& families, const std::optional<QueueStats>& queue) {
  families.gauge("samcache_queue_up", "1 when the database answered about the queue", queue ? 1 : 0);
  if (!queue) return;
  families.begin_gauge("samcache_queue_waiting_jobs", "Jobs that wait");
  families.add(static_cast<double>(queue->waiting_background), {{"priority", "background"}});
  families.add(static_cast<double>(queue->waiting_upload), {{"priority", "upload"}});
  families.add(static_cast<double>(queue->waiting_interactive), {{"priority", "interactive"}});
  families.gauge("samcache_queue_running_jobs", "Jobs that workers hold", static_cast<double>(queue->running));
  families.gauge("samcache_queue_failed_jobs", "Jobs that failed for good, lately", static_cast<double>(queue->failed));
  families.gauge("samcache_queue_oldest_waiting_seconds", "Age of the job that waits longest",
                 queue->oldest_waiting_seconds);
}

void add_http(Families& families, const ServiceSample& sample) {
  families.gauge("samcache_http_connections", "Open connections", static_cast<double>(sample.http.connections));
  families.gauge("samcache_http_websockets", "Open WebSockets", static_cast<double>(sample.http.web_sockets));
  families.gauge("samcache_http_event_streams", "Open event streams", static_cast<double>(sample.http.event_streams));
  families.gauge("samcache_http_requests_running", "Requests that are worked on",
                 static_cast<double>(sample.http.requests_running));
  families.begin_gauge("samcache_http_pool_waiting", "Requests that wait for a thread");
  for (const ServiceSample::Pool& pool : sample.pools) {
    families.add(static_cast<double>(pool.waiting), {{"pool", pool.name}});
  }
}

}  // namespace

std::vector<MetricFamily> sampled_families(const ServiceSample& sample) {
  Families families;
  add_stores(families, sample.stores);
  add_verified(families, sample.verified);
  add_device(families, sample);
  add_queue(families, sample.queue);
  add_http(families, sample);
  return families.take();
}

std::vector<MetricFamily> process_families() {
  Families families;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    unsigned long long all = 0, resident = 0;                    // pages
    if (std::fscanf(file, "%llu %llu", &all, &resident) == 2) {  // NOLINT(cert-err34-c): the kernel's own format
      families.gauge("process_resident_memory_bytes", "Resident memory",
                     number(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    }
    std::fclose(file);
  }
  if (DIR* folder = opendir("/proc/self/fd")) {
    int entries = -3;  // ".", ".." and the folder itself
    while (readdir(folder) != nullptr) ++entries;
    closedir(folder);
    families.gauge("process_open_fds", "Open file descriptors", entries);
  }
  return families.take();
}

}  // namespace samcache

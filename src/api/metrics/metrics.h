// What the server counts and measures, as Prometheus text.
//
// Some things are counted as they happen (requests, prompts, encodes); others are known elsewhere and looked up when
// somebody asks (ServiceSample). Names begin with samcache_, seconds and bytes as Prometheus has them. Labels have few
// values: routes are patterns, methods and statuses known ones, so that no client can make series without end.
//
// Thread-safe; counting takes some hundred nanoseconds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/pinned_cache.h"
#include "http/server.h"
#include "jobs/job_queue.h"
#include "service/encode_worker.h"
#include "service/prompt_service.h"
#include "store/tiered/tiered_store.h"
#include "store/verified_store.h"

namespace samcache {

// How things stand at one moment.
struct ServiceSample {
  TieredStats stores = {};
  std::vector<VerifiedStoreCounts> verified = {};  // of the tiers that are checked
  PinnedCacheStats device = {};
  PromptBatcherStats batches = {};
  std::size_t waiting_prompts = 0;
  std::optional<QueueStats> queue = {};  // nothing: the database did not answer
  http::ServerGauges http = {};
  struct Pool {
    std::string name;
    std::size_t waiting = 0;
  };
  std::vector<Pool> pools = {};
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  void on_request(const http::RequestRecord& record);
  void on_prompt(const PromptRequest& request, const PromptAnswer& answer);
  void on_encode(const EncodeWorkerEvent& event);

  std::string text(const ServiceSample& sample) const;

 private:
  struct Series;
  const std::unique_ptr<Series> series_;
};

}  // namespace samcache

#include "api/metrics/metrics.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

http::RequestRecord request(std::string_view method, std::string_view route, int status) {
  http::RequestRecord record;
  record.method = method;
  record.route = route;
  record.status = status;
  record.seconds = 0.002;
  return record;
}

EncodeWorkerEvent worker_event(EncodeWorkerEvent::Kind kind, double seconds) {
  EncodeWorkerEvent event;
  event.kind = kind;
  event.seconds = seconds;
  return event;
}

TEST(Metrics, RequestsAreCountedByRouteMethodAndStatus) {
  Metrics metrics;
  http::RequestRecord found = request("GET", "/a/{id}", 200);
  found.bytes_out = 100;
  for (int i = 0; i < 3; ++i) metrics.on_request(found);
  http::RequestRecord unknown = request("HACK\n", "", 404);
  unknown.bytes_in = 7;
  metrics.on_request(unknown);
  const std::string text = metrics.text({});
  EXPECT_TRUE(has_line(text, R"(samcache_http_requests_total{method="GET",route="/a/{id}",status="200"} 3)")) << text;
  EXPECT_TRUE(has_line(text, R"(samcache_http_requests_total{method="other",route="none",status="404"} 1)"));
  EXPECT_TRUE(has_line(text, R"(samcache_http_request_seconds_bucket{route="/a/{id}",le="0.0025"} 3)"));
  EXPECT_TRUE(has_line(text, R"(samcache_http_request_seconds_bucket{route="/a/{id}",le="0.001"} 0)"));
  EXPECT_TRUE(has_line(text, R"(samcache_http_body_bytes_total{direction="out"} 300)"));
  EXPECT_TRUE(has_line(text, R"(samcache_http_body_bytes_total{direction="in"} 7)"));
}

TEST(Metrics, PromptsAndEncodesAreMeasured) {
  Metrics metrics;
  PromptAnswer answer;
  answer.timing = {.load_ms = 1, .prompt_ms = 20, .mask_ms = 3};
  answer.cache = "device";
  metrics.on_prompt(InteractiveQuery(), answer);
  metrics.on_encode(worker_event(EncodeWorkerEvent::Kind::kEncoded, 3));
  metrics.on_encode(worker_event(EncodeWorkerEvent::Kind::kLost, 0));
  const std::string text = metrics.text({});
  EXPECT_TRUE(has_line(text, R"(samcache_prompts_total{cache="device",mode="interactive"} 1)")) << text;
  EXPECT_TRUE(has_line(text, R"(samcache_prompt_seconds_bucket{mode="interactive",part="prompt",le="0.025"} 1)"));
  EXPECT_TRUE(has_line(text, R"(samcache_encodes_total{result="lost"} 1)"));
  EXPECT_TRUE(has_line(text, R"(samcache_encode_seconds_bucket{le="4"} 1)"));
  EXPECT_TRUE(has_line(text, R"(samcache_encode_seconds_count 1)"));
}

TEST(Metrics, WhatIsKnownElsewhereIsLookedUp) {
  ServiceSample sample;
  TierStats memory;
  memory.kind = "memory";
  memory.hits = 5;
  memory.usage.evictions = 2;
  sample.stores.tiers = {memory, TierStats{.kind = "disk", .misses = 4}};
  sample.verified = {{.checked = 1, .mismatches = 1}, {.checked = 2}};
  sample.device.hits = 3;
  sample.device.joined = 1;
  sample.queue = QueueStats{.waiting = 7, .oldest_waiting_seconds = 1.5, .waiting_upload = 7};
  sample.http.web_sockets = 9;
  sample.pools = {{"quick", 2}};
  const std::string text = Metrics().text(sample);
  EXPECT_TRUE(has_line(text, R"(samcache_tier_hits_total{tier="0",kind="memory"} 5)")) << text;
  EXPECT_TRUE(has_line(text, R"(samcache_tier_misses_total{tier="1",kind="disk"} 4)"));
  EXPECT_TRUE(has_line(text, R"(samcache_tier_evictions_total{tier="0",kind="memory"} 2)"));
  EXPECT_TRUE(has_line(text, "samcache_verified_objects_total 3"));
  EXPECT_TRUE(has_line(text, "samcache_device_cache_hits_total 4"));
  EXPECT_TRUE(has_line(text, R"(samcache_queue_waiting_jobs{priority="upload"} 7)"));
  EXPECT_TRUE(has_line(text, "samcache_queue_oldest_waiting_seconds 1.5"));
  EXPECT_TRUE(has_line(text, "samcache_http_websockets 9"));
  EXPECT_TRUE(has_line(text, R"(samcache_http_pool_waiting{pool="quick"} 2)"));
  EXPECT_NE(text.find("process_resident_memory_bytes "), std::string::npos);
}

TEST(Metrics, ADatabaseThatDoesNotAnswerIsSeen) {
  const std::string text = Metrics().text({});
  EXPECT_TRUE(has_line(text, "samcache_queue_up 0"));
  EXPECT_EQ(text.find("samcache_queue_running_jobs"), std::string::npos);
}

}  // namespace
}  // namespace samcache

// job_queue_bench URL [JOBS [WORKERS]]: how many jobs a second the queue takes in, hands out and completes.
//
// URL is of an empty database. Each job is the queue's whole part of an encode: claim, one heartbeat, complete, with
// the image's status in the same transactions. Prints one line of JSON.
#include <atomic>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "jobs/job_queue.h"

namespace samcache {
namespace {

constexpr const char* kModel = "bench";

Deadline in_time() { return Deadline::after(std::chrono::seconds(60)); }

std::string digits(int number, std::size_t length) {
  std::string text = std::to_string(number);
  return text.insert(0, length - text.size(), '0');
}

std::vector<EncodeJobRequest> add_images(Catalog& catalog, int count) {
  std::vector<EncodeJobRequest> requests;
  for (int i = 0; i < count; ++i) {
    const std::string sha256 = digits(i, 64);
    catalog.database()
        ->transaction(Access::kWrite, in_time(),
                      [&](Transaction& transaction) {
                        return catalog.add_image(transaction, {.id = "00000000-0000-4000-8000-" + digits(i, 12),
                                                               .filename = "x.png",
                                                               .media_type = "image/png",
                                                               .format = "png",
                                                               .width = 1,
                                                               .height = 1,
                                                               .sha256 = sha256});
                      })
        .value();
    requests.push_back({.sha256 = sha256, .content_id = sha256, .model_fingerprint = kModel, .profiles = "trunk"});
  }
  return requests;
}

EncodingStatus status_for(JobState state) {
  if (state == JobState::kRunning) return EncodingStatus::kProcessing;
  return state == JobState::kCompleted ? EncodingStatus::kCompleted : EncodingStatus::kPending;
}

void work(JobQueue& queue, std::atomic<int>& done) {
  while (const auto job = queue.claim("bench", kModel, kDefaultLease, in_time()).value()) {
    queue.heartbeat(job->lease, kDefaultLease, in_time()).value();
    if (queue.complete(job->lease, in_time()).value()) ++done;
  }
}

void measure(const std::string& url, int jobs, int workers) {
  const auto database = Database::open(url, {.max_connections = workers + 1}).value();
  const auto catalog = Catalog::open(database, {.model_fingerprint = kModel}, in_time()).value();
  JobQueueOptions options;
  options.on_transition = [&](Transaction& transaction, std::span<const JobTransition> transitions) {
    std::vector<EncodingChange> changes;
    for (const JobTransition& change : transitions) {
      changes.push_back({change.sha256, status_for(change.state), "", change.model_fingerprint});
    }
    catalog->set_encoding_statuses(transaction, changes);
  };
  const auto queue = JobQueue::open(database, options, in_time()).value();
  const std::vector<EncodeJobRequest> requests = add_images(*catalog, jobs);

  Stopwatch stopwatch;
  queue->enqueue_batch(requests, in_time()).value();
  const double batch_ms = stopwatch.elapsed_ms();
  std::atomic<int> done = 0;
  stopwatch.restart();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) threads.emplace_back([&] { work(*queue, done); });
  }
  std::cout << R"({"database":")" << (database->dialect() == SqlDialect::kSqlite ? "sqlite" : "postgresql")
            << R"(","workers":)" << workers << R"(,"jobs":)" << done << R"(,"batch_ms":)" << batch_ms
            << R"(,"jobs_per_second":)" << done / stopwatch.elapsed_ms() * 1000 << "}\n";
}

}  // namespace
}  // namespace samcache

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: job_queue_bench URL [JOBS [WORKERS]]\n";
    return 2;
  }
  try {
    samcache::measure(argv[1], argc > 2 ? std::stoi(argv[2]) : 500, argc > 3 ? std::stoi(argv[3]) : 4);
  } catch (const std::exception& error) {
    std::cerr << "job_queue_bench: " << error.what() << "\n";
    return 1;
  }
}

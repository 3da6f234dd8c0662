// queue_churn URL: asks for encodes, claims, completes, fails, releases and cancels at random until it is killed.
#include <iostream>
#include <random>

#include "catalogued_queue.h"

namespace samcache {
namespace {

void finish_somehow(JobQueue& queue, const ClaimedJob& job, int choice, Deadline deadline) {
  switch (choice) {
    case 0: queue.fail(job.lease, "by chance", true, deadline).value(); return;
    case 1: queue.fail(job.lease, "for good", false, deadline).value(); return;
    case 2: queue.release(job.lease, deadline).value(); return;
    case 3: queue.cancel(job.lease.job_id, deadline).value(); return;
    case 4: return;  // forgotten: the lease runs out
    default: queue.complete(job.lease, deadline).value();
  }
}

void churn(const std::string& url) {
  const CataloguedQueue joined(Database::open(url).value());
  std::mt19937 random(std::random_device{}());
  const auto pick = [&](int choices) { return std::uniform_int_distribution(0, choices - 1)(random); };
  while (true) {
    const Deadline deadline = Deadline::after(std::chrono::seconds(30));
    joined.queue->enqueue(CataloguedQueue::request_of(pick(kChurnImages)), deadline).value();
    if (const auto job = joined.queue->claim("churn", kChurnModel, kChurnLease, deadline).value()) {
      finish_somehow(*joined.queue, *job, pick(10), deadline);
    }
  }
}

}  // namespace
}  // namespace samcache

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    samcache::churn(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "queue_churn: " << error.what() << "\n";
    return 1;
  }
}

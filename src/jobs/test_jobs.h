// A queue on an empty database, and requests for it, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "database/testing/test_database.h"
#include "jobs/job_queue.h"

namespace samcache {

inline constexpr const char* kModel = "model-a";
inline constexpr std::chrono::milliseconds kLongLease = std::chrono::minutes(5);
inline constexpr std::chrono::milliseconds kShortLease{50};

// Requests that differ when their numbers do.
inline EncodeJobRequest request_of(int number, JobPriority priority = JobPriority::kUpload) {
  std::string sha256 = std::to_string(number);
  sha256.insert(0, 64 - sha256.size(), '0');
  return {.sha256 = sha256,
          .content_id = "originals/" + sha256,
          .model_fingerprint = kModel,
          .profiles = "trunk",
          .priority = priority,
          .reason = "test"};
}

class JobsTest : public ::testing::Test {
 protected:
  std::shared_ptr<JobQueue> open_queue(JobQueueOptions options = {}) const {
    return JobQueue::open(files_.open(), std::move(options), soon()).value();
  }
  std::optional<ClaimedJob> claim(std::chrono::milliseconds lease = kLongLease) {
    return queue_->claim("tester", kModel, lease, soon()).value();
  }
  ClaimedJob claim_some(std::chrono::milliseconds lease = kLongLease) {
    auto job = claim(lease);
    if (!job) throw std::runtime_error("there was no job to claim");
    return *job;
  }
  std::string enqueue(int number, JobPriority priority = JobPriority::kUpload) {
    return queue_->enqueue(request_of(number, priority), soon()).value().job_id;
  }
  BatchProgress progress(const std::string& id) { return queue_->progress(id, soon()).value().value(); }
  static void let_lease_end() { std::this_thread::sleep_for(kShortLease + std::chrono::milliseconds(20)); }

  TestDatabase files_;
  std::shared_ptr<JobQueue> queue_ = open_queue({.first_retry_pause = std::chrono::milliseconds(40)});
};

}  // namespace samcache

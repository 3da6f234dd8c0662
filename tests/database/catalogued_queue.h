// A catalog and a queue on one database, joined as the service joins them: each job's transition is its image's status,
// in the same transaction.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "jobs/job_queue.h"

namespace samcache {

inline constexpr const char* kChurnModel = "model-a";
inline constexpr int kChurnImages = 12;
inline constexpr std::chrono::milliseconds kChurnLease{80};

inline EncodingStatus status_for(JobState state) {
  switch (state) {
    case JobState::kWaiting:
    case JobState::kCancelled: return EncodingStatus::kPending;
    case JobState::kRunning: return EncodingStatus::kProcessing;
    case JobState::kCompleted: return EncodingStatus::kCompleted;
    case JobState::kFailed: return EncodingStatus::kFailed;
  }
  throw std::logic_error("an unknown state");
}

struct CataloguedQueue {
  explicit CataloguedQueue(const std::shared_ptr<Database>& database)
      : catalog(Catalog::open(database, {.model_fingerprint = kChurnModel}, Deadline::after(std::chrono::seconds(30)))
                    .value()) {
    JobQueueOptions options;
    options.max_attempts = 1000;
    options.first_retry_pause = std::chrono::milliseconds(1);
    options.on_transition = [shared = catalog](Transaction& transaction, std::span<const JobTransition> transitions) {
      std::vector<EncodingChange> changes;
      for (const JobTransition& change : transitions) {
        changes.push_back({change.sha256, status_for(change.state), change.error, change.model_fingerprint});
      }
      shared->set_encoding_statuses(transaction, changes);
    };
    queue = JobQueue::open(database, std::move(options), Deadline::after(std::chrono::seconds(30))).value();
  }

  static std::string sha256_of(int number) {
    std::string text = std::to_string(number);
    return text.insert(0, 64 - text.size(), '0');
  }
  static EncodeJobRequest request_of(int number) {
    return {.sha256 = sha256_of(number),
            .content_id = "originals/" + sha256_of(number),
            .model_fingerprint = kChurnModel,
            .profiles = "trunk"};
  }

  std::shared_ptr<Catalog> catalog;
  std::shared_ptr<JobQueue> queue;
};

}  // namespace samcache

// Putting requests into the queue, one or ten thousand, in the same few statements. Internal to jobs/.
#pragma once

#include <string>
#include <vector>

#include "jobs/job_queue.h"

namespace samcache {

// kInvalidArgument with the field and why.
Status check_job_request(const EncodeJobRequest& request);

enum class WantedBy { kItself, kBatch };

struct PutJob {
  std::int64_t number = 0;
  std::string id;
  bool is_new = false;
};

// New jobs, and those that were there and are joined. `requests` are checked, and of different kinds. kUnavailable when
// the queue is full: the transaction must not be committed then.
Result<std::vector<PutJob>> put_jobs(Transaction& transaction, const JobQueueOptions& options,
                                     const std::vector<EncodeJobRequest>& requests, WantedBy wanted_by);

}  // namespace samcache

// The durable queue of encode requests, in the database that all servers and workers share.
//
// A job is one content to be encoded by one model into some profiles. Among the unfinished jobs there is one of each
// kind: who asks again joins it. A worker claims the most urgent job under a lease, renews the lease by heartbeats, and
// ends it with complete, fail or release; a lease that runs out makes the job claimable again. Every claim has its own
// fencing token, and all that a worker does is conditional on it: a worker that was thought dead can change nothing.
//
//   waiting ──claim──> running ──complete──> completed
//      ^ ^                │ │ └───fail──────> failed        (not retryable, or no attempt left)
//      │ └─release, lease─┘ └─────cancel────> cancelled     (also from waiting)
//      └──fail, after a pause
//
// A claim counts as an attempt unless it is released. A job that used up its attempts fails with the reason of the last
// failure; one whose workers kept dying fails with "the worker died N times", so that a poisonous image cannot kill
// workers for ever.
//
// Times are the database's clock, milliseconds since 1970. Any thread, blocking. Errors are those of database.h, and
// kInvalidArgument for requests that break a limit.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "database/database.h"

namespace samcache {

class WorkSignal;

// The numbers are in the database.
enum class JobPriority {
  kBackground = 0,   // batches, warming
  kUpload = 10,      // a new image
  kInteractive = 20  // somebody is looking at it
};

enum class JobState { kWaiting, kRunning, kCompleted, kFailed, kCancelled };

// "waiting", "running", "completed", "failed", "cancelled".
std::string_view job_state_name(JobState state);

struct EncodeJobRequest {
  std::string sha256;             // the subject: 64 hexadecimal digits
  std::string content_id;         // how the worker finds the original: an object's name
  std::string model_fingerprint;  // 1 to 200 characters
  std::string profiles;           // "trunk,interactive": 1 to 100 characters
  JobPriority priority = JobPriority::kUpload;
  std::string reason = {};  // "upload", "prompt", …, for logs; up to 200 characters
};

struct EnqueuedJob {
  std::string job_id;
  bool joined = false;  // an unfinished job of the same kind was there; it has the higher of both priorities now
};

// What a worker holds. Copyable; whoever has the job's latest fencing token is the holder.
struct JobLease {
  std::string job_id;
  std::int64_t fencing_token = 0;  // rises with each claim of the job
};

struct ClaimedJob {
  JobLease lease;
  EncodeJobRequest request;
  int attempt = 0;  // 1 for the first
};

enum class LeaseState {
  kHeld,       // and renewed
  kLost,       // it ran out and was given away, or the job is gone: stop, nothing you do counts
  kCancelled,  // nobody wants it any more: stop
};

enum class FailResult {
  kRetrying,  // it waits for another attempt
  kFailed,    // for good
  kLost,      // the lease was lost; nothing changed
};

// Of a batch, or of a single job as a batch of one.
enum class BatchStatus { kRunning, kCompleted, kFailed, kCancelled };

// "running", "completed", "failed", "cancelled": as in the API.
std::string_view batch_status_name(BatchStatus status);

struct BatchProgress {
  // kFailed: all is finished and at least one item failed. kCancelled: it was cancelled, or all its items were.
  BatchStatus status = BatchStatus::kRunning;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;  // with those whose image was removed
  std::int64_t total = 0;
  std::string error = {};  // of a single failed job, or of one of a batch's
};

struct QueueStats {
  std::int64_t waiting = 0;
  std::int64_t running = 0;
  std::int64_t failed = 0;  // within the retention time
  double oldest_waiting_seconds = 0;
  std::int64_t waiting_background = 0;
  std::int64_t waiting_upload = 0;
  std::int64_t waiting_interactive = 0;
};

// A job has changed. Made of a job of these when a request joins it, too.
struct JobTransition {
  std::string sha256;
  std::string model_fingerprint;
  JobState state = JobState::kWaiting;
  std::string error = {};  // of a failed one
};

// Called inside the transaction of the change, so that what it writes there is true exactly when the change is; it may
// be called again when the transaction is tried again.
using TransitionHook = std::function<void(Transaction&, std::span<const JobTransition>)>;

struct JobQueueOptions {
  std::int64_t max_waiting = 50'000;  // jobs; may be passed by as many as are enqueued at the same moment
  int max_attempts = 4;
  std::chrono::milliseconds first_retry_pause = std::chrono::seconds(2);  // doubled each time, ± 25 % by chance
  std::chrono::milliseconds longest_retry_pause = std::chrono::minutes(2);
  std::chrono::milliseconds retention = std::chrono::hours(24 * 7);  // of finished jobs and batches
  TransitionHook on_transition = {};
};

inline constexpr std::size_t kMaxBatchItems = 100'000;
inline constexpr std::chrono::seconds kDefaultLease{15};  // renew it every third of that

class JobQueue {
 public:
  // Brings the tables up to date first.
  static Result<std::shared_ptr<JobQueue>> open(std::shared_ptr<Database> database, JobQueueOptions options,
                                                Deadline deadline);
  ~JobQueue();

  // kUnavailable, "the queue is full (N waiting)", at max_waiting.
  Result<EnqueuedJob> enqueue(const EncodeJobRequest& request, Deadline deadline);
  // The same as a part of a transaction; its Error should end it.
  Result<EnqueuedJob> enqueue(Transaction& transaction, const EncodeJobRequest& request);

  // The id of a batch of these, whose progress can be asked for. Requests of the same kind are one item. An empty list
  // is a batch that is completed.
  Result<std::string> enqueue_batch(const std::vector<EncodeJobRequest>& requests, Deadline deadline);

  // Of a batch's or a job's id. Nothing: unknown, or finished longer ago than the retention time.
  Result<std::optional<BatchProgress>> progress(const std::string& id, Deadline deadline);

  // Cancels a job; or a batch, with those of its jobs that nobody else asked for. A worker that has one learns it from
  // its next heartbeat. Answers how many jobs were cancelled; nothing for an unknown id.
  Result<std::optional<std::int64_t>> cancel(const std::string& id, Deadline deadline);

  // All jobs of a content, of whatever model: its image was removed. Workers lose their leases; no transition is told.
  Status remove_for(const std::string& sha256, Deadline deadline);
  void remove_for(Transaction& transaction, const std::string& sha256);

  // The job of that model which is due, by priority, then by age. Nothing: none is. Takes back what died workers hold.
  Result<std::optional<ClaimedJob>> claim(const std::string& worker_name, const std::string& model_fingerprint,
                                          std::chrono::milliseconds lease, Deadline deadline);

  // Waits until `claim` may find something: woken by other processes' news, and in time for pauses and leases that end.
  // False when the deadline or the stop came first.
  Result<bool> wait_for_work(const std::string& model_fingerprint, Deadline deadline, const std::stop_token& stop = {});

  // Renews the lease from now on.
  Result<LeaseState> heartbeat(const JobLease& lease, std::chrono::milliseconds duration, Deadline deadline);

  // False: the lease was lost, or the job cancelled; nothing changed. Completing twice is true twice, so a call whose
  // answer was lost can be made again; so with release.
  Result<bool> complete(const JobLease& lease, Deadline deadline);
  Result<FailResult> fail(const JobLease& lease, const std::string& reason, bool retryable, Deadline deadline);
  // Hands the job back at once, as if it had not been claimed: for shutting down.
  Result<bool> release(const JobLease& lease, Deadline deadline);

  Result<QueueStats> stats(Deadline deadline);

  // Deletes what finished longer ago than the retention time. `claim` sees to it now and then when there is no work.
  // Answers how many jobs went.
  Result<std::int64_t> prune(Deadline deadline);

 private:
  JobQueue(std::shared_ptr<Database> database, JobQueueOptions options);

  const std::shared_ptr<Database> database_;
  const JobQueueOptions options_;
  const std::unique_ptr<WorkSignal> signal_;
  std::atomic<Deadline::Clock::time_point> next_prune_ = Deadline::Clock::time_point();
};

}  // namespace samcache

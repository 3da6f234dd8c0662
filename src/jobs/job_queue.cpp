// Opening, and asking for work; what workers do is in job_leases.cpp, what people watch in job_batches.cpp.

#include "jobs/job_queue.h"

#include <algorithm>

#include "jobs/enqueue.h"
#include "jobs/job_tables.h"
#include "jobs/work_signal.h"

namespace samcache {

std::string_view job_state_name(JobState state) {
  switch (state) {
    case JobState::kWaiting: return "waiting";
    case JobState::kRunning: return "running";
    case JobState::kCompleted: return "completed";
    case JobState::kFailed: return "failed";
    case JobState::kCancelled: return "cancelled";
  }
  return "unknown";
}

JobQueue::JobQueue(std::shared_ptr<Database> database, JobQueueOptions options)
    : database_(std::move(database)), options_(std::move(options)), signal_(std::make_unique<WorkSignal>(*database_)) {}

JobQueue::~JobQueue() = default;

Result<std::shared_ptr<JobQueue>> JobQueue::open(std::shared_ptr<Database> database, JobQueueOptions options,
                                                 Deadline deadline) {
  check(options.max_attempts > 0 && options.max_waiting > 0, "a queue that takes no jobs");
  if (Status done = database->migrate("jobs", job_migrations(database->dialect()), deadline); !done) {
    return done.error();
  }
  return std::shared_ptr<JobQueue>(new JobQueue(std::move(database), std::move(options)));
}

Result<EnqueuedJob> JobQueue::enqueue(const EncodeJobRequest& request, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline,
                                [&](Transaction& transaction) { return enqueue(transaction, request); });
}

Result<EnqueuedJob> JobQueue::enqueue(Transaction& transaction, const EncodeJobRequest& request) {
  if (Status fits = check_job_request(request); !fits) return fits.error();
  const auto jobs = put_jobs(transaction, options_, {request}, WantedBy::kItself);
  if (!jobs) return jobs.error();
  if (jobs->empty()) return Error{ErrorCode::kUnavailable, "the job was not put into the queue"};
  return EnqueuedJob{jobs->front().id, !jobs->front().is_new};
}

Status JobQueue::remove_for(const std::string& sha256, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Status {
    remove_for(transaction, sha256);
    return {};
  });
}

void JobQueue::remove_for(Transaction& transaction, const std::string& sha256) {
  transaction.execute("DELETE FROM jobs WHERE sha256 = :sha256", {{"sha256", sha256}});
}

Result<QueueStats> JobQueue::stats(Deadline deadline) {
  return database_->transaction(Access::kRead, deadline, [](Transaction& transaction) -> Result<QueueStats> {
    QueueStats stats;
    for (const SqlRow& row : transaction.query("SELECT state, priority, COUNT(*), MIN(created_at) FROM jobs "
                                               "WHERE state IN ('waiting', 'running', 'failed') "
                                               "GROUP BY state, priority")) {
      const std::int64_t jobs = row.integer(2);
      if (row.text(0) == job_state_name(JobState::kRunning)) stats.running += jobs;
      if (row.text(0) == job_state_name(JobState::kFailed)) stats.failed += jobs;
      if (row.text(0) != job_state_name(JobState::kWaiting)) continue;
      stats.waiting += jobs;
      const double age_seconds = static_cast<double>(transaction.now_ms() - row.integer(3)) / 1000;
      stats.oldest_waiting_seconds = std::max(stats.oldest_waiting_seconds, age_seconds);
      switch (static_cast<JobPriority>(row.integer(1))) {
        case JobPriority::kBackground: stats.waiting_background += jobs; break;
        case JobPriority::kUpload: stats.waiting_upload += jobs; break;
        case JobPriority::kInteractive: stats.waiting_interactive += jobs; break;
      }
    }
    return stats;
  });
}

Result<std::int64_t> JobQueue::prune(Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<std::int64_t> {
    const SqlParameters oldest = {{"oldest", transaction.now_ms() - options_.retention.count()}};
    // A batch stays as long as one of its jobs is of interest, and its jobs as long as the batch.
    transaction.execute(
        "DELETE FROM batches WHERE created_at <= :oldest AND NOT EXISTS (SELECT 1 FROM batch_items "
        "JOIN jobs ON jobs.number = batch_items.job_number WHERE batch_items.batch_id = batches.id "
        "AND (jobs.finished_at IS NULL OR jobs.finished_at > :oldest))",
        oldest);
    return transaction.execute(
        "DELETE FROM jobs WHERE finished_at <= :oldest "
        "AND NOT EXISTS (SELECT 1 FROM batch_items WHERE batch_items.job_number = jobs.number)",
        oldest);
  });
}

}  // namespace samcache

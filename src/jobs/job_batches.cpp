// Batches: many jobs asked for together, watched and cancelled by one id. A job's own id serves the same way.

#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "database/random_id.h"
#include "jobs/enqueue.h"
#include "jobs/job_queue.h"
#include "jobs/job_tables.h"

namespace samcache {
namespace {

// One request of each kind, with the highest priority that was asked for.
Result<std::vector<EncodeJobRequest>> checked_kinds(const std::vector<EncodeJobRequest>& requests) {
  std::map<std::tuple<std::string, std::string, std::string>, EncodeJobRequest> kinds;
  for (const EncodeJobRequest& request : requests) {
    if (Status fits = check_job_request(request); !fits) return fits.error();
    const auto [kind, is_new] =
        kinds.try_emplace({request.sha256, request.model_fingerprint, request.profiles}, request);
    if (!is_new) kind->second.priority = std::max(kind->second.priority, request.priority);
  }
  std::vector<EncodeJobRequest> unique;
  unique.reserve(kinds.size());
  for (auto& [kind, request] : kinds) unique.push_back(std::move(request));
  return unique;
}

void put_batch(Transaction& transaction, const std::string& batch_id, const std::vector<PutJob>& jobs) {
  nlohmann::json numbers = nlohmann::json::array();
  for (const PutJob& job : jobs) numbers.push_back(job.number);
  transaction.execute(
      "INSERT INTO batches (id, total, created_at) VALUES (:id, :total, :now)",
      {{"id", batch_id}, {"total", static_cast<std::int64_t>(jobs.size())}, {"now", transaction.now_ms()}});
  const char* table = transaction.dialect() == SqlDialect::kPostgresql
                          ? "jsonb_array_elements_text(CAST(:numbers AS jsonb)) AS item(value)"
                          : "json_each(:numbers)";
  transaction.execute(
      std::string(
          "INSERT INTO batch_items (batch_id, job_number) SELECT CAST(:id AS TEXT), CAST(value AS BIGINT) FROM ") +
          table,
      {{"id", batch_id}, {"numbers", numbers.dump()}});
}

void count_state(BatchProgress& progress, const std::string& state, std::int64_t jobs) {
  if (state == job_state_name(JobState::kCompleted)) progress.done += jobs;
  if (state == job_state_name(JobState::kFailed)) progress.failed += jobs;
  if (state == job_state_name(JobState::kCancelled)) progress.cancelled += jobs;
}

BatchStatus status_of(const BatchProgress& progress) {
  if (progress.done + progress.failed + progress.cancelled < progress.total) return BatchStatus::kRunning;
  if (progress.failed > 0) return BatchStatus::kFailed;
  return progress.total > 0 && progress.cancelled == progress.total ? BatchStatus::kCancelled : BatchStatus::kCompleted;
}

BatchProgress progress_of_batch(Transaction& transaction, const std::string& id, const SqlRow& batch) {
  BatchProgress progress{.total = batch.integer(0)};
  std::int64_t present = 0;
  for (const SqlRow& row : transaction.query(
           "SELECT jobs.state, COUNT(*), MAX(jobs.error) FROM batch_items "
           "JOIN jobs ON jobs.number = batch_items.job_number WHERE batch_items.batch_id = :id GROUP BY jobs.state",
           {{"id", id}})) {
    present += row.integer(1);
    count_state(progress, row.text(0), row.integer(1));
    if (row.text(0) == job_state_name(JobState::kFailed)) progress.error = row.text(2);
  }
  progress.cancelled += progress.total - present;  // their images were removed, and the jobs with them
  progress.status = batch.is_null(1) ? status_of(progress) : BatchStatus::kCancelled;
  return progress;
}

constexpr const char* kCancelUnfinished =
    "UPDATE jobs SET state = 'cancelled', finished_at = :now, lease_expires_at = NULL "
    "WHERE state IN ('waiting', 'running') AND ";
// Of a batch that is cancelled already: nobody else is to want the job.
constexpr const char* kOfBatchAlone =
    "is_wanted_alone = 0 AND number IN (SELECT job_number FROM batch_items WHERE batch_id = :id) "
    "AND NOT EXISTS (SELECT 1 FROM batch_items JOIN batches ON batches.id = batch_items.batch_id "
    "WHERE batch_items.job_number = jobs.number AND batches.cancelled_at IS NULL)";

}  // namespace

std::string_view batch_status_name(BatchStatus status) {
  switch (status) {
    case BatchStatus::kRunning: return "running";
    case BatchStatus::kCompleted: return "completed";
    case BatchStatus::kFailed: return "failed";
    case BatchStatus::kCancelled: return "cancelled";
  }
  return "unknown";
}

Result<std::string> JobQueue::enqueue_batch(const std::vector<EncodeJobRequest>& requests, Deadline deadline) {
  if (requests.size() > kMaxBatchItems) {
    return Error{ErrorCode::kInvalidArgument, "a batch of " + std::to_string(requests.size()) + " items; at most " +
                                                  std::to_string(kMaxBatchItems) + " are allowed"};
  }
  const auto unique = checked_kinds(requests);
  if (!unique) return unique.error();
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<std::string> {
    const auto jobs = put_jobs(transaction, options_, *unique, WantedBy::kBatch);
    if (!jobs) return jobs.error();
    const std::string id = random_uuid();
    put_batch(transaction, id, *jobs);
    return id;
  });
}

Result<std::optional<BatchProgress>> JobQueue::progress(const std::string& id, Deadline deadline) {
  using Answer = std::optional<BatchProgress>;
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    const SqlRows batch = transaction.query("SELECT total, cancelled_at FROM batches WHERE id = :id", {{"id", id}});
    if (!batch.empty()) return Answer(progress_of_batch(transaction, id, batch[0]));
    const SqlRows job = transaction.query("SELECT state, error FROM jobs WHERE id = :id", {{"id", id}});
    if (job.empty()) return Answer();
    BatchProgress progress{.total = 1};
    count_state(progress, job[0].text(0), 1);
    progress.status = status_of(progress);
    if (progress.failed > 0) progress.error = job[0].text(1);
    return Answer(progress);
  });
}

Result<std::optional<std::int64_t>> JobQueue::cancel(const std::string& id, Deadline deadline) {
  using Answer = std::optional<std::int64_t>;
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<Answer> {
    const SqlParameters parameters = {{"id", id}, {"now", transaction.now_ms()}};
    const bool is_batch =
        transaction.execute("UPDATE batches SET cancelled_at = COALESCE(cancelled_at, :now) WHERE id = :id",
                            parameters) > 0;
    if (!is_batch && transaction.query("SELECT 1 FROM jobs WHERE id = :id", {{"id", id}}).empty()) return Answer();
    const SqlRows rows = transaction.query(
        std::string(kCancelUnfinished) + (is_batch ? kOfBatchAlone : "id = :id") + " RETURNING " + kTransitionColumns,
        parameters);
    tell_transitions(transaction, options_, transitions_of(rows));
    return Answer(static_cast<std::int64_t>(rows.size()));
  });
}

}  // namespace samcache

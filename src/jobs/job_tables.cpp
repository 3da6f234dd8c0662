#include "jobs/job_tables.h"

#include <algorithm>

namespace samcache {
namespace {

JobState parse_state(const std::string& name) {
  for (const JobState state :
       {JobState::kWaiting, JobState::kRunning, JobState::kCompleted, JobState::kFailed, JobState::kCancelled}) {
    if (name == job_state_name(state)) return state;
  }
  throw std::logic_error("a job in the unknown state " + name);
}

}  // namespace

std::vector<Migration> job_migrations(SqlDialect dialect) {
  const std::string serial = dialect == SqlDialect::kSqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT"
                                                            : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
  const std::string jobs =
      "CREATE TABLE jobs (number " + serial +
      ", id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, content_id TEXT NOT NULL, model_fingerprint TEXT NOT NULL, "
      "profiles TEXT NOT NULL, reason TEXT NOT NULL, priority BIGINT NOT NULL, "
      "state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'completed', 'failed', 'cancelled')), "
      // Whether somebody asked for this job by itself, and not as an item of a batch only.
      "is_wanted_alone BIGINT NOT NULL, "
      "attempts BIGINT NOT NULL DEFAULT 0, deaths BIGINT NOT NULL DEFAULT 0, "
      "fencing_token BIGINT NOT NULL DEFAULT 0, worker TEXT NOT NULL DEFAULT '', lease_expires_at BIGINT, "
      "run_after BIGINT NOT NULL, error TEXT NOT NULL DEFAULT '', created_at BIGINT NOT NULL, finished_at BIGINT)";
  const std::string unfinished =
      "CREATE UNIQUE INDEX jobs_unfinished ON jobs (sha256, model_fingerprint, profiles) "
      "WHERE state IN ('waiting', 'running')";
  const std::string batches =
      "CREATE TABLE batches (id TEXT PRIMARY KEY, total BIGINT NOT NULL, created_at BIGINT NOT NULL, "
      "cancelled_at BIGINT)";
  const std::string batch_items =
      "CREATE TABLE batch_items (batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE, "
      "job_number BIGINT NOT NULL REFERENCES jobs (number) ON DELETE CASCADE, PRIMARY KEY (batch_id, job_number))";
  return {{1,
           "jobs and batches",
           {jobs, unfinished,
            "CREATE INDEX jobs_waiting ON jobs (model_fingerprint, priority DESC, number) WHERE state = 'waiting'",
            "CREATE INDEX jobs_due ON jobs (model_fingerprint, run_after) WHERE state = 'waiting'",
            "CREATE INDEX jobs_running ON jobs (lease_expires_at) WHERE state = 'running'",
            "CREATE INDEX jobs_counted ON jobs (state, priority, created_at)",
            "CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL",
            "CREATE INDEX jobs_of_content ON jobs (sha256)", batches, batch_items,
            "CREATE INDEX batch_items_of_job ON batch_items (job_number)"}}};
}

std::vector<JobTransition> transitions_of(const SqlRows& rows) {
  std::vector<JobTransition> transitions;
  transitions.reserve(rows.size());
  for (const SqlRow& row : rows) {
    transitions.push_back({row.text(0), row.text(1), parse_state(row.text(2)), row.text(3)});
  }
  return transitions;
}

void tell_transitions(Transaction& transaction, const JobQueueOptions& options,
                      const std::vector<JobTransition>& transitions) {
  if (transitions.empty()) return;
  if (options.on_transition) options.on_transition(transaction, transitions);
  const bool has_work = std::any_of(transitions.begin(), transitions.end(),
                                    [](const JobTransition& change) { return change.state == JobState::kWaiting; });
  if (has_work) transaction.publish(kWorkTopic, "");
}

}  // namespace samcache

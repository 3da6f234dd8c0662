// The tables of the queue and the pieces of SQL that all of it uses. Internal to jobs/.
//
// jobs: one row each; `number` is the order of arrival. batches and batch_items: who waits for which jobs together.
// Unfinished jobs are unique by (sha256, model_fingerprint, profiles): an index sees to it, not the code.
#pragma once

#include <string>
#include <vector>

#include "jobs/job_queue.h"

namespace samcache {

std::vector<Migration> job_migrations(SqlDialect dialect);

// Put at the end of a SELECT whose rows are about to be changed: who comes second passes them over. SQLite has one
// writer at a time and needs nothing.
inline const char* skip_locked(const Transaction& transaction) {
  return transaction.dialect() == SqlDialect::kPostgresql ? " FOR UPDATE SKIP LOCKED" : "";
}

// What a changed row is to be RETURNING, and its reading.
inline constexpr const char* kTransitionColumns = "sha256, model_fingerprint, state, error";
std::vector<JobTransition> transitions_of(const SqlRows& rows);

// Tells the hook of what changed, and wakes waiting workers when there is work among it.
void tell_transitions(Transaction& transaction, const JobQueueOptions& options,
                      const std::vector<JobTransition>& transitions);

// The topic that waiting workers listen to.
inline constexpr const char* kWorkTopic = "work";

}  // namespace samcache

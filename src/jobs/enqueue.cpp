#include "jobs/enqueue.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/text.h"
#include "database/random_id.h"
#include "jobs/job_tables.h"

namespace samcache {
namespace {

Status check_text(const char* field, const std::string& text, std::size_t least, std::size_t most) {
  const bool has_nul = text.find('\0') != std::string::npos;
  if (text.size() >= least && text.size() <= most && !has_nul && is_utf8(text)) return {};
  return Error{ErrorCode::kInvalidArgument, std::string("a job's ") + field + " is " + in_quotes(text) +
                                                "; it must be " + std::to_string(least) + " to " +
                                                std::to_string(most) + " bytes of UTF-8"};
}

// A JSON list as a table `item`.
const char* items_table(const Transaction& transaction) {
  if (transaction.dialect() == SqlDialect::kPostgresql) {
    return "jsonb_to_recordset(CAST(:items AS jsonb)) AS item(id text, sha256 text, content_id text, "
           "model_fingerprint text, profiles text, reason text, priority bigint)";
  }
  return "(SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.sha256') AS sha256, "
         "json_extract(value, '$.content_id') AS content_id, "
         "json_extract(value, '$.model_fingerprint') AS model_fingerprint, "
         "json_extract(value, '$.profiles') AS profiles, json_extract(value, '$.reason') AS reason, "
         "json_extract(value, '$.priority') AS priority FROM json_each(:items)) AS item";
}

}  // namespace

Status check_job_request(const EncodeJobRequest& request) {
  if (request.sha256.size() != 64 || request.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument,
                 "a job's sha256 is " + in_quotes(request.sha256) + "; it must be 64 lower-case hexadecimal digits"};
  }
  if (Status fits = check_text("content_id", request.content_id, 1, 500); !fits) return fits;
  if (Status fits = check_text("model_fingerprint", request.model_fingerprint, 1, 200); !fits) return fits;
  if (Status fits = check_text("profiles", request.profiles, 1, 100); !fits) return fits;
  return check_text("reason", request.reason, 0, 200);
}

Result<std::vector<PutJob>> put_jobs(Transaction& transaction, const JobQueueOptions& options,
                                     const std::vector<EncodeJobRequest>& requests, WantedBy wanted_by) {
  std::unordered_set<std::string> new_ids;
  nlohmann::json items = nlohmann::json::array();
  for (const EncodeJobRequest& request : requests) {
    const std::string id = random_uuid();
    new_ids.insert(id);
    items.push_back({{"id", id},
                     {"sha256", request.sha256},
                     {"content_id", request.content_id},
                     {"model_fingerprint", request.model_fingerprint},
                     {"profiles", request.profiles},
                     {"reason", request.reason},
                     {"priority", static_cast<int>(request.priority)}});
  }
  // Sorted, so that batches which share jobs lock them in one order.
  const SqlRows rows = transaction.query(
      std::string("INSERT INTO jobs (id, sha256, content_id, model_fingerprint, profiles, reason, priority, state, "
                  "is_wanted_alone, run_after, created_at) "
                  "SELECT id, sha256, content_id, model_fingerprint, profiles, reason, priority, 'waiting', "
                  "CAST(:alone AS BIGINT), CAST(:now AS BIGINT), CAST(:now AS BIGINT) FROM ") +
          items_table(transaction) +
          " WHERE true ORDER BY sha256, model_fingerprint, profiles "
          "ON CONFLICT (sha256, model_fingerprint, profiles) WHERE state IN ('waiting', 'running') DO UPDATE SET "
          "priority = CASE WHEN excluded.priority > jobs.priority THEN excluded.priority ELSE jobs.priority END, "
          "is_wanted_alone = CASE WHEN excluded.is_wanted_alone = 1 THEN 1 ELSE jobs.is_wanted_alone END "
          "RETURNING " +
          kTransitionColumns + ", number, id",
      {{"items", items.dump()}, {"alone", wanted_by == WantedBy::kItself ? 1 : 0}, {"now", transaction.now_ms()}});

  std::vector<PutJob> jobs;
  std::int64_t added = 0;
  for (const SqlRow& row : rows) {
    jobs.push_back({row.integer(4), row.text(5), new_ids.contains(row.text(5))});
    if (jobs.back().is_new) ++added;
  }
  if (added > 0) {
    const SqlRows counted = transaction.query("SELECT COUNT(*) FROM jobs WHERE state = 'waiting'");
    const std::int64_t waiting = counted.empty() ? 0 : counted[0].integer(0);
    if (waiting > options.max_waiting) {
      return Error{ErrorCode::kUnavailable,
                   "the queue is full (" + std::to_string(waiting - added) + " waiting): try again later"};
    }
  }
  tell_transitions(transaction, options, transitions_of(rows));
  return jobs;
}

}  // namespace samcache

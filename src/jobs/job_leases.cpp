// What workers do with the queue: claim, heartbeat, complete, fail, release. Every change by the holder of a lease is
// conditional on the job's fencing token and on its running.

#include <algorithm>
#include <random>

#include "base/text.h"
#include "jobs/job_queue.h"
#include "jobs/job_tables.h"
#include "jobs/work_signal.h"

namespace samcache {
namespace {

constexpr std::size_t kMaxReasonBytes = 2000;
constexpr std::chrono::minutes kPruneInterval{10};
// News of work that gets lost, for whatever cause, costs no more than this.
constexpr std::chrono::seconds kLongestSleep{30};

constexpr const char* kIfHeld = " WHERE id = :id AND fencing_token = :token AND state = 'running'";

SqlParameters lease_parameters(const JobLease& lease) { return {{"id", lease.job_id}, {"token", lease.fencing_token}}; }

SqlParameters with(SqlParameters parameters, std::initializer_list<SqlParameter> more) {
  parameters.insert(parameters.end(), more);
  return parameters;
}

// The state in which the job was left by whoever has this token, or had it last; nothing when the token is old.
std::optional<std::string> state_under(Transaction& transaction, const JobLease& lease) {
  const SqlRows rows =
      transaction.query("SELECT state FROM jobs WHERE id = :id AND fencing_token = :token", lease_parameters(lease));
  if (rows.empty()) return std::nullopt;
  return rows[0].text(0);
}

// Jobs whose lease has run out: back to waiting, or failed when that was the last attempt. The fencing token rises, so
// that whoever held the lease finds it lost even before the next claim.
void take_back_expired(Transaction& transaction, const JobQueueOptions& options) {
  const SqlRows rows = transaction.query(
      std::string("UPDATE jobs SET state = CASE WHEN attempts >= :attempts THEN 'failed' ELSE 'waiting' END, "
                  "error = CASE WHEN attempts < :attempts THEN '' WHEN deaths = 0 THEN 'the worker died' "
                  "ELSE 'the worker died ' || (deaths + 1) || ' times' END, "
                  "finished_at = CASE WHEN attempts >= :attempts THEN CAST(:now AS BIGINT) END, "
                  "deaths = deaths + 1, fencing_token = fencing_token + 1, lease_expires_at = NULL, run_after = :now "
                  "WHERE number IN (SELECT number FROM jobs WHERE state = 'running' AND lease_expires_at <= :now") +
          skip_locked(transaction) + ") RETURNING " + kTransitionColumns,
      {{"attempts", options.max_attempts}, {"now", transaction.now_ms()}});
  tell_transitions(transaction, options, transitions_of(rows));
}

// Longer after each failure, and by chance, so that jobs which failed together do not all come back together.
std::int64_t retry_pause_ms(const JobQueueOptions& options, std::int64_t attempts) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const double doubled = static_cast<double>(options.first_retry_pause.count()) *
                         static_cast<double>(std::int64_t{1} << std::clamp<std::int64_t>(attempts - 1, 0, 30));
  const double pause = std::min(doubled, static_cast<double>(options.longest_retry_pause.count()));
  return static_cast<std::int64_t>(pause * std::uniform_real_distribution(0.75, 1.25)(random));
}

// Valid UTF-8 of limited length, whatever the reason of a failure holds.
std::string fit_reason(const std::string& reason) {
  if (reason.size() <= kMaxReasonBytes && is_utf8(reason) && reason.find('\0') == std::string::npos) return reason;
  return in_quotes(reason);
}

}  // namespace

Result<std::optional<ClaimedJob>> JobQueue::claim(const std::string& worker_name, const std::string& model_fingerprint,
                                                  std::chrono::milliseconds lease, Deadline deadline) {
  check(lease.count() > 0, "a lease of no time");
  auto claimed = database_->transaction(
      Access::kWrite, deadline, [&](Transaction& transaction) -> Result<std::optional<ClaimedJob>> {
        take_back_expired(transaction, options_);
        const SqlRows rows = transaction.query(
            std::string("UPDATE jobs SET state = 'running', worker = :worker, attempts = attempts + 1, "
                        "fencing_token = fencing_token + 1, lease_expires_at = :expires "
                        "WHERE number = (SELECT number FROM jobs WHERE state = 'waiting' "
                        "AND model_fingerprint = :model AND run_after <= :now ORDER BY priority DESC, number LIMIT 1") +
                skip_locked(transaction) + ") RETURNING " + kTransitionColumns +
                ", id, fencing_token, attempts, content_id, profiles, reason, priority",
            {{"worker", worker_name},
             {"model", model_fingerprint},
             {"now", transaction.now_ms()},
             {"expires", transaction.now_ms() + lease.count()}});
        if (rows.empty()) return std::optional<ClaimedJob>();
        tell_transitions(transaction, options_, transitions_of(rows));
        const SqlRow& row = rows[0];
        return std::optional(ClaimedJob{.lease = {.job_id = row.text(4), .fencing_token = row.integer(5)},
                                        .request = {.sha256 = row.text(0),
                                                    .content_id = row.text(7),
                                                    .model_fingerprint = row.text(1),
                                                    .profiles = row.text(8),
                                                    .priority = static_cast<JobPriority>(row.integer(10)),
                                                    .reason = row.text(9)},
                                        .attempt = static_cast<int>(row.integer(6))});
      });
  if (claimed && !claimed->has_value() && Deadline::Clock::now() >= next_prune_.load()) {
    next_prune_ = Deadline::Clock::now() + kPruneInterval;
    if (auto pruned = prune(deadline); !pruned) return pruned.error();
  }
  return claimed;
}

Result<bool> JobQueue::wait_for_work(const std::string& model_fingerprint, Deadline deadline,
                                     const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::uint64_t news = signal_->count();
    const auto due_in = database_->transaction(
        Access::kRead, deadline, [&](Transaction& transaction) -> Result<std::optional<std::int64_t>> {
          const SqlRows rows = transaction.query(
              "SELECT MIN(due) FROM (SELECT MIN(run_after) AS due FROM jobs WHERE state = 'waiting' "
              "AND model_fingerprint = :model UNION ALL "
              "SELECT MIN(lease_expires_at) AS due FROM jobs WHERE state = 'running') AS moments",
              {{"model", model_fingerprint}});
          if (rows.empty() || rows[0].is_null(0)) return std::optional<std::int64_t>();
          return std::optional(rows[0].integer(0) - transaction.now_ms());
        });
    if (!due_in) return due_in.error();
    if (due_in->has_value() && **due_in <= 0) return true;
    if (deadline.passed()) return false;
    Deadline wake = deadline.within(kLongestSleep);
    if (due_in->has_value()) wake = wake.within(std::chrono::milliseconds(**due_in));
    signal_->wait(news, wake, stop);
  }
  return false;
}

Result<LeaseState> JobQueue::heartbeat(const JobLease& lease, std::chrono::milliseconds duration, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<LeaseState> {
    const std::int64_t renewed =
        transaction.execute(std::string("UPDATE jobs SET lease_expires_at = :expires") + kIfHeld,
                            with(lease_parameters(lease), {{"expires", transaction.now_ms() + duration.count()}}));
    if (renewed > 0) return LeaseState::kHeld;
    const bool is_cancelled = state_under(transaction, lease) == job_state_name(JobState::kCancelled);
    return is_cancelled ? LeaseState::kCancelled : LeaseState::kLost;
  });
}

Result<bool> JobQueue::complete(const JobLease& lease, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<bool> {
    const SqlRows rows = transaction.query(
        std::string("UPDATE jobs SET state = 'completed', error = '', finished_at = :now, lease_expires_at = NULL") +
            kIfHeld + " RETURNING " + kTransitionColumns,
        with(lease_parameters(lease), {{"now", transaction.now_ms()}}));
    if (rows.empty()) return state_under(transaction, lease) == job_state_name(JobState::kCompleted);
    tell_transitions(transaction, options_, transitions_of(rows));
    return true;
  });
}

Result<FailResult> JobQueue::fail(const JobLease& lease, const std::string& reason, bool retryable, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<FailResult> {
    const bool is_postgresql = transaction.dialect() == SqlDialect::kPostgresql;
    const SqlRows held =
        transaction.query(std::string("SELECT attempts FROM jobs") + kIfHeld + (is_postgresql ? " FOR UPDATE" : ""),
                          lease_parameters(lease));
    if (held.empty()) {
      const auto state = state_under(transaction, lease);
      if (state == job_state_name(JobState::kWaiting)) return FailResult::kRetrying;
      return state == job_state_name(JobState::kFailed) ? FailResult::kFailed : FailResult::kLost;
    }
    const std::int64_t attempts = held[0].integer(0);
    const bool is_final = !retryable || attempts >= options_.max_attempts;
    const std::int64_t now = transaction.now_ms();
    const SqlRows rows = transaction.query(
        std::string("UPDATE jobs SET state = :state, error = :error, finished_at = :finished, run_after = :run_after, "
                    "lease_expires_at = NULL") +
            kIfHeld + " RETURNING " + kTransitionColumns,
        with(lease_parameters(lease), {{"state", job_state_name(is_final ? JobState::kFailed : JobState::kWaiting)},
                                       {"error", fit_reason(reason)},
                                       {"finished", is_final ? std::optional(now) : std::nullopt},
                                       {"run_after", is_final ? now : now + retry_pause_ms(options_, attempts)}}));
    tell_transitions(transaction, options_, transitions_of(rows));
    return is_final ? FailResult::kFailed : FailResult::kRetrying;
  });
}

Result<bool> JobQueue::release(const JobLease& lease, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<bool> {
    const SqlRows rows =
        transaction.query(std::string("UPDATE jobs SET state = 'waiting', attempts = attempts - 1, run_after = :now, "
                                      "lease_expires_at = NULL") +
                              kIfHeld + " RETURNING " + kTransitionColumns,
                          with(lease_parameters(lease), {{"now", transaction.now_ms()}}));
    if (rows.empty()) return state_under(transaction, lease) == job_state_name(JobState::kWaiting);
    tell_transitions(transaction, options_, transitions_of(rows));
    return true;
  });
}

}  // namespace samcache

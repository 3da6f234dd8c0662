// Carries out calls, several at once, until all are answered: tries again what failed, asks twice what is slow, turns
// to the secondary, and gives up at the deadline.
//
// One runner is one operation of one thread, which drives everything in run(). It ends early with the first call that
// is answered by other than success, or that has failed for good; whatever is still under way is then cancelled.
//
// What is tried again: connections that fail or break, answers that are cut off or malformed, statuses that may pass
// (retry_policy.h), bytes damaged on the way, in either direction. A refusal from which something is learnt
// (azure_authorizer.h) is tried again at once. Reads alternate between the sites; a secondary that does not have the
// blob, or not in this version, may just be behind, so that the primary has the last word. Internal to azure/.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "store/azure/blob_call.h"
#include "store/azure/blob_service.h"

namespace samcache {

class CallRunner {
 public:
  // `operation` begins every message: "cannot load x from azure account/container".
  CallRunner(BlobService& service, std::string operation, Deadline deadline);
  ~CallRunner();
  CallRunner(const CallRunner&) = delete;
  CallRunner& operator=(const CallRunner&) = delete;

  // Calls start in this order. May be called from a call's `place`.
  std::size_t add(BlobCall call);

  Status run(std::size_t max_parallel);

  // After a run that succeeded: nothing for calls that it ended without.
  const std::optional<BlobAnswer>& answer(std::size_t index) const;

 private:
  using Clock = Deadline::Clock;
  struct Attempt;
  struct Call;

  bool finished() const;
  void start_due_calls(std::size_t max_parallel);
  // Calls a second time what is late.
  void hedge();
  Status start_attempt(Call& call, Site site);
  void give_up_stuck_attempts();
  void settle(const HttpFinished& finished);
  void settle_answer(Call& call, Attempt& attempt);
  void accept(Call& call, Attempt& attempt);
  // The attempt is over, and with it the try unless another attempt is under way.
  void fail_attempt(Call& call, const Attempt& attempt, const Error& error,
                    std::optional<std::chrono::milliseconds> pause);
  void try_again_at_once(Call& call, const Attempt& attempt);
  void fail_for_good(const Error& error);
  void drop(Call& call, const Attempt& attempt);

  Clock::time_point next_event(std::size_t max_parallel) const;
  Clock::time_point hedge_time(const Call& call) const;
  std::size_t running_count() const;
  Error deadline_failure() const;

  BlobService& service_;
  const std::string operation_;
  const Deadline deadline_;
  const HttpClient::Lease session_;
  std::vector<std::unique_ptr<Call>> calls_;
  Site preferred_site_ = Site::kPrimary;    // of calls that have not begun: not the one that failed last
  std::vector<Clock::duration> durations_;  // of the reads that are done
  std::optional<Error> fatal_;
  std::minstd_rand random_;
};

}  // namespace samcache

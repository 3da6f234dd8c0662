#include "store/azure/call_runner.h"

#include <algorithm>

#include "store/azure/retry_policy.h"

namespace samcache {
namespace {

constexpr int kMaxHedgesPerTry = 1;
constexpr int kMaxLessons = 1;  // a new token, or the service's clock
constexpr int kSlowFactor = 3;  // how many times the median makes a range late
constexpr std::size_t kMinDurations = 3;

bool is_damaged_upload(const ServiceError& error) { return error.status == 400 && error.code == "Md5Mismatch"; }

}  // namespace

struct CallRunner::Attempt {
  Attempt(const BlobCall& call, bool directly, Site asked_site, Authorization used)
      : receiver(call, directly), site(asked_site), authorization(std::move(used)) {}

  CallAttempt receiver;
  const Site site;
  const Authorization authorization;
  std::uint64_t transfer = 0;
  const Clock::time_point started = Clock::now();
};

struct CallRunner::Call {
  explicit Call(BlobCall given) : what(std::move(given)) {}

  const BlobCall what;
  Site site = Site::kPrimary;
  bool primary_only = false;
  int tries = 0;
  int hedges = 0;  // of this try
  int lessons = 0;
  bool may_have_run = false;
  Clock::time_point not_before = Clock::time_point::min();
  std::vector<std::unique_ptr<Attempt>> attempts;
  std::optional<Error> last_failure;
  std::optional<BlobAnswer> answer;
};

CallRunner::CallRunner(BlobService& service, std::string operation, Deadline deadline)
    : service_(service),
      operation_(std::move(operation)),
      deadline_(deadline),
      session_(service.http().lease()),
      random_(std::random_device{}()) {}

// The transfers go before their receivers.
CallRunner::~CallRunner() { session_->cancel_all(); }

std::size_t CallRunner::add(BlobCall call) {
  calls_.push_back(std::make_unique<Call>(std::move(call)));
  return calls_.size() - 1;
}

const std::optional<BlobAnswer>& CallRunner::answer(std::size_t index) const { return calls_[index]->answer; }

Status CallRunner::run(std::size_t max_parallel) {
  while (!finished()) {
    if (!fatal_ && deadline_.passed()) fatal_ = deadline_failure();
    if (!fatal_) start_due_calls(max_parallel);
    if (!fatal_) hedge();
    if (fatal_) return fatal_->within(operation_);
    for (const HttpFinished& finished : session_->poll(next_event(max_parallel))) settle(finished);
    give_up_stuck_attempts();
  }
  session_->cancel_all();
  for (const auto& call : calls_) call->attempts.clear();
  return {};
}

bool CallRunner::finished() const {
  if (fatal_) return false;
  const auto refused = [](const auto& call) { return call->answer && !call->answer->head.ok(); };
  const auto answered = [](const auto& call) { return call->answer.has_value(); };
  return std::ranges::any_of(calls_, refused) || std::ranges::all_of(calls_, answered);
}

std::size_t CallRunner::running_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(calls_, [](const auto& call) { return !call->attempts.empty(); }));
}

void CallRunner::start_due_calls(std::size_t max_parallel) {
  std::size_t running = running_count();
  for (std::size_t i = 0; i < calls_.size() && running < max_parallel; ++i) {
    Call& call = *calls_[i];
    if (call.answer || !call.attempts.empty() || call.not_before > Clock::now()) continue;
    if (call.tries == 0 && call.what.is_read && !call.primary_only) call.site = preferred_site_;
    ++call.tries;
    call.hedges = 0;
    if (Status started = start_attempt(call, call.site); !started) return fail_for_good(started.error());
    ++running;
  }
}

Status CallRunner::start_attempt(Call& call, Site site) {
  Result<AuthorizedRequest> request = service_.authorize(call.what.request, site, deadline_);
  if (!request) return request.error();
  auto attempt = std::make_unique<Attempt>(call.what, call.attempts.empty(), site, std::move(request->authorization));
  attempt->transfer = session_->start(std::move(request->http), attempt->receiver);
  call.attempts.push_back(std::move(attempt));
  return {};
}

CallRunner::Clock::time_point CallRunner::hedge_time(const Call& call) const {
  const auto patience = service_.options().hedge_after;
  const bool may_hedge = call.what.is_read && patience.count() > 0 && call.hedges < kMaxHedgesPerTry;
  if (!may_hedge || call.attempts.size() != 1) return Clock::time_point::max();
  const Attempt& attempt = *call.attempts.front();
  Clock::time_point time = session_->last_progress(attempt.transfer) + patience;
  if (durations_.size() >= kMinDurations) {
    std::vector<Clock::duration> sorted = durations_;
    const auto median = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::ranges::nth_element(sorted, median);
    time = std::min(time, attempt.started + std::max<Clock::duration>(patience, *median * kSlowFactor));
  }
  return time;
}

void CallRunner::hedge() {
  for (const auto& call : calls_) {
    if (hedge_time(*call) > Clock::now()) continue;
    ++call->hedges;
    const bool elsewhere = service_.has_secondary() && !call->primary_only;
    const Site other = call->attempts.front()->site == Site::kPrimary ? Site::kSecondary : Site::kPrimary;
    // That a second request cannot be made is no harm to the first.
    (void)start_attempt(*call, elsewhere ? other : Site::kPrimary).ok();
  }
}

CallRunner::Clock::time_point CallRunner::next_event(std::size_t max_parallel) const {
  const AzureStoreOptions& options = service_.options();
  const bool room = running_count() < max_parallel;
  Clock::time_point next = deadline_.time();
  for (const auto& call : calls_) {
    if (call->answer) continue;
    if (call->attempts.empty() && room) next = std::min(next, call->not_before);
    for (const auto& attempt : call->attempts) {
      next = std::min({next, attempt->started + options.request_timeout,
                       session_->last_progress(attempt->transfer) + options.stall_timeout});
    }
    next = std::min(next, hedge_time(*call));
  }
  return next;
}

void CallRunner::give_up_stuck_attempts() {
  const AzureStoreOptions& options = service_.options();
  const Clock::time_point now = Clock::now();
  for (const auto& call : calls_) {
    // From behind, because attempts go on the way.
    for (std::size_t i = call->attempts.size(); i-- > 0 && !fatal_;) {
      const Attempt& attempt = *call->attempts[i];
      const std::string& host = service_.endpoint(attempt.site).authority();
      std::string what;
      if (now >= session_->last_progress(attempt.transfer) + options.stall_timeout) {
        what = "no byte of " + host + " for " + std::to_string(options.stall_timeout.count()) + " ms";
      } else if (now >= attempt.started + options.request_timeout) {
        what = "no whole answer of " + host + " within " + std::to_string(options.request_timeout.count()) + " ms";
      } else {
        continue;
      }
      call->may_have_run = true;
      fail_attempt(*call, attempt, {ErrorCode::kUnavailable, what}, std::nullopt);
    }
  }
}

void CallRunner::settle(const HttpFinished& finished) {
  if (fatal_) return;
  for (const auto& call : calls_) {
    const auto found =
        std::ranges::find_if(call->attempts, [&](const auto& attempt) { return attempt->transfer == finished.id; });
    if (found == call->attempts.end()) continue;
    Attempt& attempt = **found;
    const std::string& host = service_.endpoint(attempt.site).authority();
    switch (finished.end) {
      case HttpEnd::kComplete: return settle_answer(*call, attempt);
      case HttpEnd::kUntrusted:
        return fail_for_good({ErrorCode::kIo, host + ": " + finished.message + " (is the right ca_file given?)"});
      case HttpEnd::kRejected: {
        call->may_have_run = true;
        const ErrorCode code = finished.rejection->code;
        if (code == ErrorCode::kCancelled || code == ErrorCode::kTooLarge) return fail_for_good(*finished.rejection);
        return fail_attempt(*call, attempt, finished.rejection->within(host), std::nullopt);
      }
      case HttpEnd::kLost:
      case HttpEnd::kMalformed: call->may_have_run = true; [[fallthrough]];
      case HttpEnd::kNotConnected:
        return fail_attempt(*call, attempt, {ErrorCode::kUnavailable, host + ": " + finished.message}, std::nullopt);
    }
  }
}

void CallRunner::settle_answer(Call& call, Attempt& attempt) {
  const HttpResponse& head = attempt.receiver.head();
  if (head.ok()) {
    const Status good = attempt.receiver.check_body();
    if (good) return accept(call, attempt);
    call.may_have_run = true;
    return fail_attempt(call, attempt, good.error(), std::nullopt);
  }
  const ServiceError refusal = service_error(head, attempt.receiver.text());
  if (call.lessons < kMaxLessons && service_.authorizer().learn(refusal, head, attempt.authorization)) {
    ++call.lessons;
    return try_again_at_once(call, attempt);
  }
  if (attempt.site == Site::kSecondary && (head.status == 404 || head.status == 412)) {
    call.primary_only = true;
    call.site = preferred_site_ = Site::kPrimary;
    return try_again_at_once(call, attempt);
  }
  if (is_transient_status(head.status) || is_damaged_upload(refusal)) {
    if (head.status != 429) call.may_have_run = true;
    return fail_attempt(call, attempt, refusal.as_error(), retry_after(head, service_.authorizer().now()));
  }
  if (std::ranges::find(call.what.expected, head.status) != call.what.expected.end()) return accept(call, attempt);
  fail_for_good(refusal.as_error());
}

void CallRunner::accept(Call& call, Attempt& attempt) {
  for (const auto& other : call.attempts) {
    if (other.get() != &attempt) session_->cancel(other->transfer);
  }
  attempt.receiver.deliver();
  if (call.what.is_read) durations_.push_back(Clock::now() - attempt.started);
  call.answer = BlobAnswer{.head = attempt.receiver.head(),
                           .text = std::move(attempt.receiver.text()),
                           .may_have_run_before = call.may_have_run,
                           .site = attempt.site};
  call.attempts.clear();
}

void CallRunner::drop(Call& call, const Attempt& attempt) {
  session_->cancel(attempt.transfer);
  std::erase_if(call.attempts, [&](const auto& other) { return other.get() == &attempt; });
}

void CallRunner::try_again_at_once(Call& call, const Attempt& attempt) {
  drop(call, attempt);
  if (!call.attempts.empty()) return;
  --call.tries;
  call.not_before = Clock::time_point::min();
}

void CallRunner::fail_attempt(Call& call, const Attempt& attempt, const Error& error,
                              std::optional<std::chrono::milliseconds> asked_pause) {
  const RetryOptions& retry = service_.options().retry;
  const Site failed_site = attempt.site;
  call.last_failure = error;
  drop(call, attempt);
  if (!call.attempts.empty()) return;
  const std::string tries = call.tries > 1 ? " (" + std::to_string(call.tries) + " tries)" : "";
  if (call.tries >= retry.max_tries) return fail_for_good({error.code, error.message + tries});

  std::chrono::milliseconds pause = asked_pause.value_or(backoff(retry, call.tries, random_));
  if (call.what.is_read && service_.has_secondary() && !call.primary_only) {
    call.site = failed_site == Site::kPrimary ? Site::kSecondary : Site::kPrimary;
    preferred_site_ = call.site;
    if (call.site == Site::kSecondary && call.tries == 1) pause = std::chrono::milliseconds(0);
  }
  if (pause > retry.max_retry_after || pause >= deadline_.remaining()) {
    return fail_for_good({ErrorCode::kUnavailable, error.message + tries + "; the next try would be in " +
                                                       std::to_string(pause.count()) + " ms, which is too late"});
  }
  call.not_before = Clock::now() + pause;
}

void CallRunner::fail_for_good(const Error& error) {
  if (!fatal_) fatal_ = error;
}

Error CallRunner::deadline_failure() const {
  std::string text = "the deadline has passed";
  for (const auto& call : calls_) {
    if (call->answer) continue;
    const Site site = call->attempts.empty() ? call->site : call->attempts.front()->site;
    text += " while waiting for " + service_.endpoint(site).authority();
    if (call->last_failure) text += " (last failure: " + call->last_failure->message + ")";
    break;
  }
  return {ErrorCode::kUnavailable, text};
}

}  // namespace samcache

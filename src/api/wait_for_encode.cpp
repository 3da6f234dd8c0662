#include "api/wait_for_encode.h"

#include <exception>

#include "base/clock.h"

namespace samcache {
namespace {

constexpr int kFullPoolRetry_s = 2;
// How often a waiting request looks whether anybody still wants its answer.
constexpr std::chrono::seconds kGlance{1};

Status wait_until_encoded(const ApiContext& context, const EncodeWait& wait, const http::Responder& responder) {
  const Deadline deadline = wait.request->deadline();
  bool again = wait.again;
  while (true) {
    const Deadline glance = deadline.within(kGlance);
    Status status = context.service.encodings->encode_and_wait(wait.image, again, glance);
    again = false;  // it is queued now
    const bool only_late = !status && status.error().code == ErrorCode::kUnavailable && glance.passed();
    if (!only_late || deadline.passed()) return status;
    if (!responder.is_wanted() || context.stopping) {
      return Error{ErrorCode::kUnavailable, "the server is shutting down; the image stays queued"};
    }
  }
}

}  // namespace

void answer_when_encoded(ApiContext& context, EncodeWait wait, http::Responder responder,
                         std::function<http::HttpResponse(double waited_ms)> then) {
  // Tasks are copied, the right to answer is not.
  const auto right = std::make_shared<http::Responder>(std::move(responder));
  const bool posted = context.waiting.try_post(
      [&context, wait = std::move(wait), right, then = std::move(then), stopwatch = Stopwatch()] {
        try {
          const Status encoded = wait_until_encoded(context, wait, *right);
          right->answer(encoded ? then(stopwatch.elapsed_ms())
                                : queue_problem(context, encoded.error(), wait.request->deadline()));
        } catch (const std::exception& bug) {
          context.log.error("internal error", {{"reason", bug.what()}});
          right->answer(http::problem(500, "the server failed; its log says why"));
        }
      });
  if (!posted) {
    right->answer(http::too_many_requests("too many requests wait for an encode", kFullPoolRetry_s));
  }
}

}  // namespace samcache

// Finds out who asks: the filter before every handler.
//
// A token comes as `Authorization: Bearer TOKEN`; of a WebSocket also as the subprotocol `bearer.TOKEN`, since browsers
// can send it no other way. Routes for other programs take it in those programs' ways, too (TokenForm in caller.h). In
// a query it would end in logs and histories, so it is not looked for there.
//
// Tokens that were found lately are remembered for a moment (so a revoked one works that much longer); others are
// looked up in the catalog on a pool. Refusals: 401 with WWW-Authenticate for no token, an unknown, an expired or a
// revoked one; 403 for a token without the scope; 429 for a token over its rate and for an address that keeps coming
// with wrong tokens.
//
// While access is open everybody may do everything; that ends within the same moment when a first token is made.
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/auth/caller.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/lru_cache.h"
#include "http/filter.h"
#include "http/rate_limiter.h"

namespace samcache {

// What the authenticator asks the catalog.
struct TokenSource {
  std::function<Result<std::optional<TokenRecord>>(const std::string& secret, Deadline)> find;
  std::function<Result<bool>(Deadline)> any_created;
};

struct AuthenticatorOptions {
  std::chrono::milliseconds cache{10'000};
  http::RateLimit token_rate = {.per_second = 500, .burst = 1000};
  http::RateLimit failed_rate = {.per_second = 5, .burst = 50};
  bool open = false;     // nobody needs a token as long as none was created
  std::size_t pool = 0;  // for look-ups
};

class Authenticator {
 public:
  Authenticator(TokenSource source, AuthenticatorOptions options);

  // Leaves the Caller as the request's principal; routes say what they need in their `tag` (permission_name). This must
  // outlive the server.
  http::Filter filter();

  bool is_open() const { return open_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    std::shared_ptr<const Caller> caller;
    Clock::time_point until;
  };

  http::FilterVerdict look(http::HttpRequest& request);
  std::optional<http::HttpResponse> look_up(http::HttpRequest& request);
  std::optional<http::HttpResponse> look_whether_open(http::HttpRequest& request);
  std::optional<http::HttpResponse> admit(http::HttpRequest& request, const std::shared_ptr<const Caller>& caller);
  enum class Refusal { kMissing, kUnknown, kEnded };
  http::HttpResponse refuse(const http::HttpRequest& request, const std::string& detail, Refusal why);

  const TokenSource source_;
  const AuthenticatorOptions options_;
  const std::shared_ptr<const Caller> anyone_;
  std::atomic<bool> open_;
  std::atomic<Clock::rep> open_until_ = 0;  // when it must be asked again whether it is still open
  LruCache<std::string, Known> known_;
  http::RateLimiter token_rate_;
  http::RateLimiter failed_rate_;
};

// The token of a request, in a form that its route takes; empty: none.
std::string sent_token(const http::HttpRequest& request);

}  // namespace samcache

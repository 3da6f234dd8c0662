#include "api/auth/authenticator.h"

#include "base/bytes.h"
#include "http/router.h"
#include "http/tokens.h"
#include "http/web_socket.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

// Room for some ten thousand tokens.
constexpr std::size_t kKnownBytes = 8 << 20;
constexpr std::size_t kKnownEntryBytes = 512;
constexpr std::size_t kMaxTokenBytes = 200;
constexpr const char* kTokenNeeded = "a token is needed: send Authorization: Bearer TOKEN";

RouteAccess access_of(const HttpRequest& request) {
  return request.route() == nullptr ? RouteAccess() : parse_access_tag(request.route()->options.tag);
}

// What follows the scheme in an Authorization header; nothing: another scheme.
std::optional<std::string_view> credentials(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return std::nullopt;
  if (!http::same_token(header.substr(0, scheme.size()), scheme)) return std::nullopt;
  return http::trimmed(header.substr(scheme.size()));
}

// base64 of "user:password" -> the password.
std::string basic_password(std::string_view text) {
  const Result<std::vector<std::byte>> decoded = bytes_from_base64(text);
  if (!decoded) return {};
  const std::string_view both = text_of(*decoded);
  const std::size_t colon = both.find(':');
  return colon == std::string_view::npos ? std::string() : std::string(both.substr(colon + 1));
}

}  // namespace

std::string sent_token(const HttpRequest& request) {
  const TokenForm form = access_of(request).form;
  if (const std::optional<std::string_view> header = request.header("Authorization")) {
    if (const auto bearer = credentials(*header, "bearer")) return std::string(*bearer);
    const auto basic = form == TokenForm::kBasicPassword ? credentials(*header, "basic") : std::nullopt;
    return basic ? basic_password(*basic) : std::string();
  }
  if (form == TokenForm::kTokenHeader) return std::string(request.header("Token").value_or(""));
  if (request.route() == nullptr || !request.route()->is_web_socket()) return {};
  return std::string(http::bearer_subprotocol_token(request.header("Sec-WebSocket-Protocol").value_or("")));
}

Authenticator::Authenticator(TokenSource source, AuthenticatorOptions options)
    : source_(std::move(source)),
      options_(options),
      anyone_(std::make_shared<const Caller>(Caller::anyone())),
      open_(options.open),
      known_(kKnownBytes),
      token_rate_(options.token_rate),
      failed_rate_(options.failed_rate) {}

http::Filter Authenticator::filter() {
  return {.fast = [this](HttpRequest& request) { return look(request); },
          .slow = [this](HttpRequest& request) { return is_open() ? look_whether_open(request) : look_up(request); },
          .pool = options_.pool};
}

http::FilterVerdict Authenticator::look(HttpRequest& request) {
  if (access_of(request).permission == Permission::kNone) return http::Pass{};
  if (is_open()) {
    if (Clock::now().time_since_epoch().count() > open_until_.load(std::memory_order_relaxed)) {
      return http::NeedsPool{};
    }
    request.set_principal(anyone_);
    return http::Pass{};
  }
  const std::string token = sent_token(request);
  if (token.empty()) return refuse(request, kTokenNeeded, Refusal::kMissing);
  const std::shared_ptr<const Known> known = known_.find(token);
  if (known == nullptr || Clock::now() > known->until) return http::NeedsPool{};
  if (std::optional<HttpResponse> refusal = admit(request, known->caller)) return std::move(*refusal);
  return http::Pass{};
}

std::optional<HttpResponse> Authenticator::look_whether_open(HttpRequest& request) {
  const Result<bool> any = source_.any_created(request.deadline());
  if (!any) return http::problem(any.error());
  if (*any) {
    open_ = false;
    return look_up(request);
  }
  open_until_ = (Clock::now() + options_.cache).time_since_epoch().count();
  request.set_principal(anyone_);
  return std::nullopt;
}

std::optional<HttpResponse> Authenticator::look_up(HttpRequest& request) {
  const std::string token = sent_token(request);
  if (token.empty()) return refuse(request, kTokenNeeded, Refusal::kMissing);
  if (token.size() > kMaxTokenBytes) return refuse(request, "the token is not one of this server's", Refusal::kUnknown);
  const Result<std::optional<TokenRecord>> found = source_.find(token, request.deadline());
  if (!found && found.error().code != ErrorCode::kInvalidArgument) return http::problem(found.error());
  if (!found || !*found) return refuse(request, "the token is not one of this server's", Refusal::kUnknown);
  const TokenRecord& record = **found;
  if (record.state == TokenState::kExpired) return refuse(request, "the token has expired", Refusal::kEnded);
  if (record.state == TokenState::kRevoked) return refuse(request, "the token was revoked", Refusal::kEnded);
  const auto caller = std::make_shared<const Caller>(
      Caller{.token_id = record.id, .name = record.name, .scopes = record.scopes, .project = record.project});
  known_.insert(token, std::make_shared<const Known>(Known{caller, Clock::now() + options_.cache}), kKnownEntryBytes);
  return admit(request, caller);
}

std::optional<HttpResponse> Authenticator::admit(HttpRequest& request, const std::shared_ptr<const Caller>& caller) {
  if (const std::optional<int> wait = token_rate_.take(caller->token_id)) {
    return http::too_many_requests("this token asks too often", *wait);
  }
  const Permission needed = access_of(request).permission;
  if (!caller->may(needed)) {
    const bool all_projects = needed == Permission::kOperator && caller->may(Permission::kRead);
    return http::problem(403, all_projects ? std::string("the token is limited to a project, and this concerns all")
                                           : std::string("the token has no scope for this: it needs ") +
                                                 (needed == Permission::kOperator ? "read" : permission_name(needed)));
  }
  request.set_principal(caller);
  return std::nullopt;
}

HttpResponse Authenticator::refuse(const HttpRequest& request, const std::string& detail, Refusal why) {
  if (why == Refusal::kUnknown) {
    if (const std::optional<int> wait = failed_rate_.take(request.peer())) {
      return http::too_many_requests("too many wrong tokens from this address", *wait);
    }
  }
  HttpResponse response = http::problem(401, detail);
  response.headers.set("WWW-Authenticate", why == Refusal::kMissing
                                               ? R"(Bearer realm="samcache")"
                                               : R"(Bearer realm="samcache", error="invalid_token")");
  if (access_of(request).form == TokenForm::kBasicPassword) {
    response.headers.add("WWW-Authenticate", R"(Basic realm="samcache")");
  }
  return response;
}

}  // namespace samcache

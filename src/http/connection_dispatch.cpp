#include <utility>

#include "http/connection.h"
#include "http/content_coding.h"
#include "http/cors.h"
#include "http/finish_response.h"
#include "http/web_socket_connection.h"

namespace samcache::http {
namespace {

// How much longer than its deadline a handler is waited for: it gives up by itself, and knows best why.
constexpr std::chrono::seconds kAnswerGrace{5};
constexpr std::chrono::milliseconds kPoolRetry{2};
constexpr const char* kFailed = "the server failed; its log says why";

// Undoes the body's Content-Encoding, whose name was checked when the head came.
std::optional<HttpResponse> expand_body(HttpRequest& request, const Route& route) {
  const ContentCoding coding =
      coding_from_name(request.header("Content-Encoding").value_or("")).value_or(ContentCoding::kIdentity);
  if (route.options.body != BodyPolicy::kBuffered || coding == ContentCoding::kIdentity) return std::nullopt;
  Result<std::string> expanded = expand(coding, request.body(), route.options.max_body_bytes);
  if (!expanded) return problem(expanded.error().code == ErrorCode::kTooLarge ? 413 : 400, expanded.error().message);
  parts_of(request).body = std::move(expanded).value();
  return std::nullopt;
}

// On the pool.
void run_handler(const Route& route, const std::shared_ptr<HttpRequest>& request,
                 const std::shared_ptr<PendingAnswer>& pending, const ServerCore& core) {
  try {
    if (request->deadline().passed()) {
      HttpResponse late = problem(503, "the server is busy: the request waited too long");
      late.headers.set("Retry-After", std::to_string(core.options().retry_after_s));
      pending->answer(std::move(late));
    } else if (auto refused = expand_body(*request, route)) {
      pending->answer(std::move(*refused));
    } else if (route.async_handler) {
      route.async_handler(request, Responder(pending));
    } else {
      pending->answer(route.handler(*request));
    }
  } catch (const std::exception& error) {
    core.report(route.method + " " + route.pattern + ": " + error.what());
    pending->answer(problem(500, kFailed));
  }
}

}  // namespace

Task<std::optional<HttpResponse>> Connection::answer() {
  expect_nothing();
  std::optional<HttpResponse> response = find_route();
  if (response) co_return response;
  const Route& route = *request_->route();
  if (!core_->options().filters.empty()) {
    response = co_await run_filters();
    if (response) co_return response;
  }
  if (route.is_web_socket()) {
    response = co_await serve_web_socket();
    co_return response;
  }
  response = co_await read_body();
  if (response) co_return response;
  if (route.fast && !request_->header("Content-Encoding")) {
    response = route.fast(*request_);
    if (response) finish_response(*request_, core_->options().compress_from_bytes, *response);
    if (response) co_return response;
  }
  response = co_await call_handler();
  co_return response;
}

// Fills in the route; a response when there is none.
std::optional<HttpResponse> Connection::find_route() {
  RequestParts& parts = parts_of(*request_);
  const Router& router = core_->router();
  if (parts.path == "*")
    return answer_options(core_->options().cors, *request_, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  RouteMatch match = router.find(parts.method, parts.path);
  if (match.route == nullptr && match.allow.empty()) {
    if (router.fallback() == nullptr) return problem(404, "there is nothing at " + parts.path);
    match.allow = "GET, HEAD, OPTIONS";
    if (parts.method == "GET" || parts.method == "HEAD") match.route = router.fallback();
  }
  if (match.route == nullptr) {
    if (parts.method == "OPTIONS") return answer_options(core_->options().cors, *request_, match.allow);
    HttpResponse response = problem(405, parts.path + " takes " + match.allow);
    response.headers.set("Allow", match.allow);
    return response;
  }
  parts.route = match.route;
  parts.path_parameters = std::move(match.parameters);
  parts.deadline = Deadline::after(match.route->options.timeout);
  return std::nullopt;
}

Task<std::optional<HttpResponse>> Connection::run_filters() {
  std::optional<HttpResponse> refused;
  for (const Filter& filter : core_->options().filters) {
    FilterVerdict verdict = filter.fast(*request_);
    if (auto* response = std::get_if<HttpResponse>(&verdict)) co_return std::move(*response);
    if (!std::holds_alternative<NeedsPool>(verdict)) continue;
    const bool ran = co_await run_on_pool(filter.pool, [&] { refused = filter.slow(*request_); });
    if (!ran) co_return busy();
    if (refused) co_return refused;
  }
  co_return std::nullopt;
}

HttpResponse Connection::busy() const {
  return too_many_requests("the server is busy; try again", core_->options().retry_after_s);
}

Task<HttpResponse> Connection::call_handler() {
  const Route& route = *request_->route();
  if (!route.handler && !route.async_handler) co_return problem(500, "the route has no handler for this request");
  pending_ = std::make_shared<PendingAnswer>(request_, core_->options().compress_from_bytes,
                                             waker(&Connection::answer_signal_));
  const bool posted =
      core_->pool(route.options.pool).try_post([&route, request = request_, pending = pending_, core = core_.get()] {
        run_handler(route, request, pending, *core);
      });
  if (!posted) {
    pending_.reset();
    co_return busy();
  }
  const Deadline deadline = request_->deadline();
  const auto until = deadline.is_never() ? Clock::time_point::max() : deadline.time() + kAnswerGrace;
  co_await answer_signal_.wait(until);
  std::optional<HttpResponse> response = pending_->take();
  pending_->abandon();
  pending_.reset();
  if (response) co_return std::move(*response);
  framing_.keep_alive = false;
  co_return problem(503, "the answer took too long");
}

std::function<void()> Connection::waker(Signal Connection::*signal) {
  return [handle = loop_.handle(), weak = weak_from_this(), signal] {
    handle->post([weak, signal] {
      if (const std::shared_ptr<Connection> self = weak.lock()) ((*self).*signal).set();
    });
  };
}

Task<bool> Connection::run_on_pool(std::size_t pool, std::function<void()> work) {
  const auto failure = std::make_shared<std::exception_ptr>();
  const bool posted =
      core_->pool(pool).try_post([work = std::move(work), failure, wake = waker(&Connection::pool_signal_)] {
        try {
          work();
        } catch (...) {
          *failure = std::current_exception();
        }
        wake();
      });
  if (!posted) co_return false;
  co_await pool_signal_.wait();
  if (*failure) std::rethrow_exception(*failure);
  co_return true;
}

Task<void> Connection::run_on_pool_when_free(std::size_t pool, std::function<void()> work) {
  while (true) {
    const bool ran = co_await run_on_pool(pool, work);
    if (ran) co_return;
    Timer pause(loop_.context(), kPoolRetry);
    error_code ec;
    co_await pause.async_wait(into(ec));
  }
}

Task<std::optional<HttpResponse>> Connection::serve_web_socket() {
  const Route& route = *request_->route();
  if (!framing_.wants_web_socket || framing_.has_body() || !unread().empty()) {
    HttpResponse response = problem(426, "this path speaks WebSocket: ask for an upgrade");
    response.headers.set("Upgrade", "websocket");
    co_return response;
  }
  if (!may_open_web_socket(core_->options().web_socket_origins, *request_)) {
    co_return problem(403, "pages of this origin may not open WebSockets here");
  }
  std::variant<std::shared_ptr<WebSocketSession>, HttpResponse> made = std::shared_ptr<WebSocketSession>();
  const bool ran = co_await run_on_pool(route.options.pool, [&] { made = route.web_socket(*request_); });
  if (!ran) co_return busy();
  if (auto* refused = std::get_if<HttpResponse>(&made)) co_return std::move(*refused);

  const Counted open(core_->web_sockets);
  WebSocketConnection web_socket(stream_, loop_, std::get<0>(made), route.options.web_socket,
                                 core_->limits().write_timeout);
  const bool accepted = co_await web_socket.accept(*request_, core_->common_headers(stream_.is_tls(), false));
  status_ = accepted ? 101 : 400;
  framing_.keep_alive = false;
  lingers_ = true;
  observe(accepted);
  if (!accepted) co_return std::nullopt;
  web_socket_ = &web_socket;
  if (core_->is_stopping) web_socket.go_away();
  co_await web_socket.run(shared_from_this());
  web_socket_ = nullptr;
  co_return std::nullopt;
}

}  // namespace samcache::http

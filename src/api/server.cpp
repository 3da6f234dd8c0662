#include "api/server.h"

#include "api/adapters/adapter_routes.h"
#include "api/auth/open_access.h"
#include "api/routes.h"
#include "http/static_files.h"

namespace samcache {
namespace {

constexpr std::chrono::seconds kOpeningPatience{10};

const char* token_of(const http::HttpRequest* request) {
  return request == nullptr || !request->has_principal() ? "" : caller_of(*request).token_id.c_str();
}

http::ServerOptions server_options(const ApiOptions& options, const std::shared_ptr<ApiContext>& context) {
  http::ServerOptions server;
  server.listen = options.listen;
  server.tls = options.tls;
  server.io_threads = options.io_threads;
  server.pools = {options.quick_pool, options.store_pool, options.prompt_pool};  // in the order of Pool
  if (options.adapters.any()) server.pools.push_back(options.adapter_pool);
  server.limits = options.http;
  server.cors.allowed_origins = options.cors_origins;
  server.web_socket_origins = options.cors_origins;
  server.trusted_proxies = options.trusted_proxies;
  if (!options.web_folder.empty()) {
    server.security.cross_origin_isolation = true;  // threads in WebAssembly
    server.security.content_security_policy =
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self' "
        "'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'";
  }
  server.filters = {context->authenticator.filter()};
  server.observer = [context](const http::RequestRecord& record) {
    context->metrics.on_request(record);
    context->log.request(record, token_of(record.request));
  };
  server.on_internal_error = [context](std::string_view message) {
    context->log.error("internal error", {{"reason", message}});
  };
  return server;
}

std::string url_of(const ApiOptions& options, std::uint16_t port) {
  const http::ListenAddress& address = options.listen.front();
  if (!address.unix_socket.empty()) return "unix:" + address.unix_socket.string();
  const bool is_v6 = address.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? '[' + address.host + ']' : address.host;
  return (options.tls.certificate_chain.empty() ? "http://" : "https://") + host + ':' + std::to_string(port);
}

}  // namespace

class ApiServer::Running {
 public:
  Running(std::shared_ptr<ApiContext> context, std::unique_ptr<http::Server> server)
      : context_(std::move(context)), server_(std::move(server)) {
    context_->server = server_.get();
  }

  ApiContext& context() { return *context_; }
  http::Server& server() { return *server_; }

 private:
  const std::shared_ptr<ApiContext> context_;  // the server's routes have it, too
  const std::unique_ptr<http::Server> server_;
};

ApiServer::ApiServer(std::unique_ptr<Running> running, std::string url)
    : running_(std::move(running)), url_(std::move(url)) {}

ApiServer::~ApiServer() { stop(Deadline::after({})); }

Result<std::unique_ptr<ApiServer>> ApiServer::start(const ApiOptions& options, const Service& service, Metrics& metrics,
                                                    Log& log) {
  const Result<bool> any_token = service.catalog->tokens().any_created(Deadline::after(kOpeningPatience));
  if (!any_token) return any_token.error();
  const Result<bool> open = decide_open_access(*any_token, options.listen);
  if (!open) return open.error();
  const auto context = std::make_shared<ApiContext>(options, *open, service, metrics, log);
  http::Router router = make_router(context);
  if (Status added = add_adapter_routes(context, router); !added) return added.error();
  if (!options.web_folder.empty()) {
    Result<http::Route> files =
        http::static_files_route({.folder = options.web_folder, .pool = static_cast<std::size_t>(Pool::kStore)});
    if (!files) return files.error();
    files->options.tag = permission_name(Permission::kNone);
    router.set_fallback(std::move(*files));
  }
  Result<std::unique_ptr<http::Server>> server =
      http::Server::start(server_options(options, context), std::move(router));
  if (!server) return server.error();
  std::string url = url_of(options, (*server)->port());
  return std::unique_ptr<ApiServer>(
      new ApiServer(std::make_unique<Running>(context, std::move(*server)), std::move(url)));
}

bool ApiServer::is_open() const { return running_->context().authenticator.is_open(); }

Status ApiServer::reload_certificates() { return running_->server().reload_certificates(); }

bool ApiServer::stop(Deadline deadline) {
  running_->context().stopping = true;
  return running_->server().stop(deadline);
}

}  // namespace samcache

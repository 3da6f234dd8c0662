#include "http/server_core.h"

#include <algorithm>
#include <utility>

#include "http/tls.h"

namespace samcache::http {
namespace {

std::string common_lines(const SecurityHeaders& security, bool is_tls, bool has_own_policy) {
  HeaderList headers;
  headers.add("X-Content-Type-Options", "nosniff");
  if (!security.content_security_policy.empty() && !has_own_policy) {
    headers.add("Content-Security-Policy", security.content_security_policy);
  }
  if (!security.referrer_policy.empty()) headers.add("Referrer-Policy", security.referrer_policy);
  if (security.cross_origin_isolation) {
    headers.add("Cross-Origin-Opener-Policy", "same-origin");
    headers.add("Cross-Origin-Embedder-Policy", "require-corp");
    headers.add("Cross-Origin-Resource-Policy", "same-origin");
  }
  if (is_tls && security.strict_transport_security.count() > 0) {
    headers.add("Strict-Transport-Security", "max-age=" + std::to_string(security.strict_transport_security.count()));
  }
  std::string lines;
  for (const auto& [name, value] : headers.fields()) lines.append(name).append(": ").append(value).append("\r\n");
  return lines;
}

// Nothing: they fit together.
std::optional<Error> fault_of(const ServerOptions& options, const Router& router) {
  const auto fault = [](const std::string& what) { return Error{ErrorCode::kInvalidArgument, "http server: " + what}; };
  if (options.listen.empty()) return fault("no address to listen on");
  if (options.io_threads == 0) return fault("io_threads must be at least 1");
  if (options.tls.certificate_chain.empty() != options.tls.private_key.empty()) {
    return fault("TLS needs both a certificate chain and a private key");
  }
  for (const PoolOptions& pool : options.pools) {
    if (pool.threads == 0) return fault("the pool " + pool.name + " has no threads");
  }
  for (const Filter& filter : options.filters) {
    if (!filter.fast) return fault("a filter has no function `fast`");
    if (filter.pool >= options.pools.size()) return fault("a filter names a pool that is not there");
  }
  std::vector<const Route*> routes = router.routes();
  if (router.fallback() != nullptr) routes.push_back(router.fallback());
  for (const Route* route : routes) {
    if (route->options.pool >= options.pools.size()) return fault(route->pattern + " names a pool that is not there");
  }
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<ServerCore>> ServerCore::create(ServerOptions options, Router router) {
  if (auto fault = fault_of(options, router)) return *fault;
  Result<AddressSet> trusted = AddressSet::parse(options.trusted_proxies);
  if (!trusted) return trusted.error().within("trusted proxies");
  std::shared_ptr<ServerCore> core(new ServerCore(std::move(options), std::move(router), std::move(*trusted)));
  if (const Status loaded = core->reload_certificates(); !loaded) return loaded.error();
  return core;
}

ServerCore::ServerCore(ServerOptions options, Router router, AddressSet trusted_proxies)
    : options_(std::move(options)), router_(std::move(router)), trusted_proxies_(std::move(trusted_proxies)) {
  for (const PoolOptions& pool : options_.pools)
    pools_.push_back(std::make_unique<TaskPool>(pool.threads, pool.max_waiting));
  for (const bool is_tls : {false, true}) {
    for (const bool own : {false, true}) common_headers_[is_tls][own] = common_lines(options_.security, is_tls, own);
  }
}

bool ServerCore::drain_pools(Deadline deadline) {
  return std::ranges::all_of(pools_, [&](const auto& pool) { return pool->drain(deadline); });
}

void ServerCore::end_pools() {
  std::vector<std::unique_ptr<TaskPool>> pools;
  {
    const std::scoped_lock lock(mutex_);
    pools.swap(pools_);
  }
}

std::size_t ServerCore::pool_waiting(std::size_t index) const {
  const std::scoped_lock lock(mutex_);
  return index < pools_.size() ? pools_[index]->waiting() : 0;
}

std::string_view ServerCore::common_headers(bool is_tls, bool has_own_policy) const {
  return common_headers_[is_tls][has_own_policy];
}

Status ServerCore::reload_certificates() {
  if (options_.tls.certificate_chain.empty()) return {};
  auto loaded = load_tls(options_.tls);
  if (!loaded) return loaded.error();
  const std::scoped_lock lock(mutex_);
  tls_ = std::move(loaded).value();
  return {};
}

std::shared_ptr<boost::asio::ssl::context> ServerCore::tls() const {
  const std::scoped_lock lock(mutex_);
  return tls_;
}

bool ServerCore::admit(const std::string& peer) {
  const std::scoped_lock lock(mutex_);
  std::size_t& of_peer = connections_by_peer_[peer];
  const bool has_its_share = of_peer >= limits().max_connections_per_peer && !is_trusted_proxy(peer);
  if (connections >= limits().max_connections || has_its_share) {
    if (of_peer == 0) connections_by_peer_.erase(peer);
    return false;
  }
  ++of_peer;
  ++connections;
  return true;
}

void ServerCore::leave(const std::string& peer) {
  const std::scoped_lock lock(mutex_);
  --connections;
  const auto found = connections_by_peer_.find(peer);
  if (--found->second == 0) connections_by_peer_.erase(found);
}

bool ServerCore::is_trusted_proxy(std::string_view peer) const { return trusted_proxies_.contains(peer); }

void ServerCore::report(std::string_view what) const {
  if (options_.on_internal_error) options_.on_internal_error(what);
}

}  // namespace samcache::http

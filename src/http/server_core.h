// What all connections of a server share. Internal to http/.
//
// Unchanging after the start but for counters, the TLS context and the table of peers. Outlives every connection.
#pragma once

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/task_pool.h"
#include "http/address_set.h"
#include "http/server.h"

namespace samcache::http {

class ServerCore {
 public:
  // kInvalidArgument: options that contradict each other, unusable certificates.
  static Result<std::shared_ptr<ServerCore>> create(ServerOptions options, Router router);

  const ServerOptions& options() const { return options_; }
  const HttpLimits& limits() const { return options_.limits; }
  const Router& router() const { return router_; }
  // On the loops' threads, which end before the pools do.
  TaskPool& pool(std::size_t index) { return *pools_.at(index); }
  std::size_t pool_waiting(std::size_t index) const;
  // Waits for what runs on the pools; what only waits there is dropped.
  void end_pools();
  bool drain_pools(Deadline deadline);

  // The header lines that every response of such a connection carries.
  std::string_view common_headers(bool is_tls, bool has_own_policy) const;

  Status reload_certificates();
  // nullptr: no TLS.
  std::shared_ptr<boost::asio::ssl::context> tls() const;

  // Takes a place for a connection of `peer`; false: too many. A trusted proxy may take all, for it brings many
  // clients.
  bool admit(const std::string& peer);
  void leave(const std::string& peer);

  bool is_trusted_proxy(std::string_view peer) const;
  // Hands a failure inside to the log.
  void report(std::string_view what) const;

  std::atomic<bool> is_stopping = false;
  std::atomic<std::size_t> connections = 0;
  std::atomic<std::size_t> web_sockets = 0;
  std::atomic<std::size_t> event_streams = 0;
  std::atomic<std::size_t> requests_running = 0;

 private:
  ServerCore(ServerOptions options, Router router, AddressSet trusted_proxies);

  const ServerOptions options_;
  const Router router_;
  const AddressSet trusted_proxies_;
  std::string common_headers_[2][2];  // [is_tls][has_own_policy]
  mutable std::mutex mutex_;          // guards the following (but see pool())
  std::vector<std::unique_ptr<TaskPool>> pools_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::unordered_map<std::string, std::size_t> connections_by_peer_;
};

// Counts one more for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<std::size_t>& counter) : counter_(counter) { ++counter_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --counter_; }

 private:
  std::atomic<std::size_t>& counter_;
};

}  // namespace samcache::http

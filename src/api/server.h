// The service over HTTP: the API's routes, access, metrics and log on a server (http/server.h).
//
//   Result<std::unique_ptr<ApiServer>> server = ApiServer::start(options, *service, metrics, log);
//   ... server.value()->url() ...
//   server.value()->stop(Deadline::after(20s));
//
// Uses the service, the metrics and the log, which must outlive it. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "api/api_options.h"
#include "api/log/log.h"
#include "api/metrics/metrics.h"
#include "base/deadline.h"
#include "base/error.h"
#include "service/service.h"

namespace samcache {

class ApiServer {
 public:
  // Listening when it returns. kInvalidArgument: an address that other machines can reach while there is no token
  // (auth/open_access.h), and what http::Server and the web app's folder are refused for.
  static Result<std::unique_ptr<ApiServer>> start(const ApiOptions& options, const Service& service, Metrics& metrics,
                                                  Log& log);
  ~ApiServer();

  // "http://127.0.0.1:8080", of the first address.
  const std::string& url() const { return url_; }
  // Nobody needs a token.
  bool is_open() const;

  Status reload_certificates();

  // Finishes what runs, until the deadline; whether all of it was finished.
  bool stop(Deadline deadline);

 private:
  class Running;
  ApiServer(std::unique_ptr<Running> running, std::string url);

  const std::unique_ptr<Running> running_;
  const std::string url_;
};

}  // namespace samcache

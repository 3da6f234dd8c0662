// The options that `serve`, `worker` and `token` share, and what they make of them.
#pragma once

#include <string>

#include "api/log/log.h"
#include "api/metrics/metrics.h"
#include "apps/common_options.h"
#include "service/service.h"

namespace CLI {
class App;
}

namespace samcache {

struct ServiceFlags {
  std::string database;     // URL; empty: SQLite in the data folder
  std::string image_store;  // URL; empty: where the encodings end
  std::string profiles = "trunk";
  std::string max_upload = "256MiB";
  std::string device_cache = "1GiB";
  std::int64_t max_waiting_jobs = 50'000;
  double drain_timeout_s = 20;
  std::string log_format;  // empty: json, or text on a terminal
};

// --database alone, and all of them. `flags` must outlive the parsing.
void add_database_option(CLI::App& command, ServiceFlags& flags);
void add_service_options(CLI::App& command, ServiceFlags& flags);

// kInvalidArgument names the option. `log` and `metrics` are told of what happens and must outlive the service.
Result<ServiceOptions> service_options(const CommonOptions& common, const ServiceFlags& flags, Log& log,
                                       Metrics& metrics);

Result<LogFormat> log_format(const ServiceFlags& flags);

// Sleeps until a signal asks the program to end; `on_hangup` is called for each SIGHUP meanwhile.
void wait_for_interrupt(const std::function<void()>& on_hangup);

}  // namespace samcache

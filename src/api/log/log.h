// The server's log: a line an event on stderr, JSON for machines or text for people.
//
//   {"time":"2026-01-31T23:59:59.123Z","level":"info","event":"request","method":"GET", ...}
//
// Lines are written by a thread of the log's own, some 50 ms later; when nobody reads them they are dropped in the end,
// so nobody ever waits for a disk or a pipe. Values from outside are escaped; no token and no query string is ever
// logged. Thread-safe; the destructor writes what waits.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/server.h"

namespace samcache {

enum class LogFormat { kJson, kText };
enum class RequestLog {
  kAll,       // every request; those of health and metrics only when they fail
  kFailures,  // status 400 and above, and clients that went away
  kNone,
};
Result<LogFormat> parse_log_format(std::string_view text);
Result<RequestLog> parse_request_log(std::string_view text);

struct LogOptions {
  LogFormat format = LogFormat::kJson;
  RequestLog requests = RequestLog::kAll;
  std::size_t max_waiting_bytes = 4 << 20;  // lines beyond that are dropped
};

class Log {
 public:
  using Fields = nlohmann::ordered_json;  // an object

  explicit Log(const LogOptions& options);
  ~Log();

  // `event` is a word or two that stay the same: "worker encoded"; what varies belongs into the fields.
  void info(std::string_view event, const Fields& fields = Fields::object());
  void warning(std::string_view event, const Fields& fields = Fields::object());
  void error(std::string_view event, const Fields& fields = Fields::object());

  // `token_id`: of the caller; empty: none.
  void request(const http::RequestRecord& record, std::string_view token_id);

 private:
  enum class Level { kInfo, kWarning, kError };
  void write(Level level, std::string_view event, const Fields& fields);
  std::string beginning(Level level, std::string_view event) const;
  std::string request_json(const http::RequestRecord& record, std::string_view token_id, Level level) const;
  std::string request_text(const http::RequestRecord& record, Level level) const;

  struct Sink;
  const LogOptions options_;
  const std::unique_ptr<Sink> sink_;
};

}  // namespace samcache

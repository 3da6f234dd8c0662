#include "api/log/log.h"

#include <spdlog/logger.h>

#include <array>
#include <cstdio>
#include <ctime>

#include "api/json/json_text.h"
#include "api/log/buffered_stderr.h"
#include "base/text.h"

namespace samcache {
namespace {

// "2026-01-31T23:59:59.123Z". Each thread keeps the text of the second it was last asked in.
std::string now_text() {
  thread_local std::time_t known_second = 0;
  thread_local std::array<char, 24> known_text{};
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != known_second) {
    std::tm utc{};
    gmtime_r(&now.tv_sec, &utc);
    std::strftime(known_text.data(), known_text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
    known_second = now.tv_sec;
  }
  const auto milliseconds = static_cast<int>(now.tv_nsec / 1'000'000);
  const auto digit = [&](int divisor) { return static_cast<char>('0' + milliseconds / divisor % 10); };
  return std::string(known_text.data()) + digit(100) + digit(10) + digit(1) + 'Z';
}

void append(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_text(out, value);
}

void append(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(value);
}

std::string milliseconds(double seconds) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3f", seconds * 1e3);
  return {text.data(), static_cast<std::size_t>(size)};
}

// Without the query: people put secrets there.
std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

bool is_of_operation(std::string_view route) { return !route.empty() && !route.starts_with("/api/"); }

// One line whatever it holds.
std::string plain(std::string_view text) {
  std::string quoted = in_quotes(text);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "json") return LogFormat::kJson;
  if (text == "text") return LogFormat::kText;
  return Error{ErrorCode::kInvalidArgument, "unknown log format " + in_quotes(text) + ": use json or text"};
}

Result<RequestLog> parse_request_log(std::string_view text) {
  if (text == "all") return RequestLog::kAll;
  if (text == "failures") return RequestLog::kFailures;
  if (text == "none") return RequestLog::kNone;
  return Error{ErrorCode::kInvalidArgument, "unknown choice " + in_quotes(text) + ": use all, failures or none"};
}

struct Log::Sink {
  explicit Sink(std::size_t max_waiting_bytes)
      : logger("samcache", std::make_shared<BufferedStderr>(max_waiting_bytes)) {}

  spdlog::logger logger;
};

Log::Log(const LogOptions& options) : options_(options), sink_(std::make_unique<Sink>(options.max_waiting_bytes)) {}

Log::~Log() = default;

void Log::info(std::string_view event, const Fields& fields) { write(Level::kInfo, event, fields); }
void Log::warning(std::string_view event, const Fields& fields) { write(Level::kWarning, event, fields); }
void Log::error(std::string_view event, const Fields& fields) { write(Level::kError, event, fields); }

std::string Log::beginning(Level level, std::string_view event) const {
  constexpr std::array kNames = {"info", "warning", "error"};
  const char* name = kNames[static_cast<std::size_t>(level)];
  std::string line;
  line.reserve(512);
  if (options_.format == LogFormat::kText) {
    line += now_text();
    line += ' ';
    line += name;
    line += ' ';
    line += event;
    return line;
  }
  line += R"({"time":")";
  line += now_text();
  line += R"(","level":")";
  line += name;
  line += '"';
  append(line, "event", event);
  return line;
}

void Log::write(Level level, std::string_view event, const Fields& fields) {
  std::string line = beginning(level, event);
  for (const auto& [name, value] : fields.items()) {
    if (options_.format == LogFormat::kText) {
      line += ' ' + name + '=';
      line += value.is_string() ? in_quotes(value.get_ref<const std::string&>()) : value.dump();
    } else {
      line += ",\"" + name + "\":" + value.dump(-1, ' ', false, Fields::error_handler_t::replace);
    }
  }
  if (options_.format == LogFormat::kJson) line += '}';
  sink_->logger.info(line);
}

void Log::request(const http::RequestRecord& record, std::string_view token_id) {
  const bool failed = record.status >= 400 || !record.completed;
  const bool wanted = options_.requests == RequestLog::kAll ? failed || !is_of_operation(record.route)
                                                            : options_.requests == RequestLog::kFailures && failed;
  if (!wanted) return;
  const Level level = record.status >= 500 ? Level::kError : Level::kInfo;
  sink_->logger.info(options_.format == LogFormat::kJson ? request_json(record, token_id, level)
                                                         : request_text(record, level));
}

std::string Log::request_json(const http::RequestRecord& record, std::string_view token_id, Level level) const {
  std::string line = beginning(level, "request");
  append(line, "method", record.method);
  append(line, "path", path_of(record.target));
  append(line, "route", record.route);
  append(line, "status", static_cast<std::uint64_t>(record.status));
  line += ",\"ms\":" + milliseconds(record.seconds);
  append(line, "bytes_in", record.bytes_in);
  append(line, "bytes_out", record.bytes_out);
  append(line, "request_id", record.request_id);
  if (!record.traceparent.empty()) append(line, "traceparent", record.traceparent);
  append(line, "peer", record.peer);
  if (!token_id.empty()) append(line, "token", token_id);
  if (!record.user_agent.empty()) append(line, "user_agent", record.user_agent.substr(0, 200));
  if (!record.completed) line += ",\"completed\":false";
  return line + '}';
}

std::string Log::request_text(const http::RequestRecord& record, Level level) const {
  std::string line = beginning(level, plain(record.method));
  line += ' ' + plain(path_of(record.target)) + ' ' + std::to_string(record.status) + ' ' +
          milliseconds(record.seconds) + " ms";
  if (!record.completed) line += " (the client went away)";
  return line;
}

}  // namespace samcache

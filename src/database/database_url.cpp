#include "database/database_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"

namespace samcache {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

Error bad_url(const std::string& why) {
  return {ErrorCode::kInvalidArgument,
          "the database URL " + why + "; use sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"};
}

Result<DatabaseAddress> parse_sqlite(std::string_view path) {
  if (path.starts_with("//")) {
    path.remove_prefix(2);
    if (!path.starts_with('/')) return bad_url("names a host before a SQLite file");
  }
  if (path.empty()) return bad_url("names no SQLite file");
  if (path.starts_with(':')) return bad_url("asks for SQLite in memory, which connections cannot share");
  if (!is_utf8(path) || path.find_first_of(std::string_view("\"\n\r\0", 4)) != std::string_view::npos) {
    return bad_url("has a SQLite path with quotes, line breaks, NUL or bytes that are not UTF-8");
  }
  return DatabaseAddress{SqlDialect::kSqlite, std::string(path), "sqlite at " + std::string(path)};
}

struct ConninfoDeleter {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// As a value of libpq's keyword/value form.
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

Result<DatabaseAddress> parse_postgresql(const std::string& url, const DatabaseOptions& options) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, ConninfoDeleter> parsed(PQconninfoParse(url.c_str(), &message));
  PQfreemem(message);  // not shown: it may repeat the password
  if (!parsed) return bad_url("is none that PostgreSQL's library understands");

  const auto milliseconds = [](std::chrono::milliseconds time) { return std::to_string(time.count()); };
  // What the URL does not say. A peer that vanished without a word is given up as fast as one that is slow.
  std::map<std::string, std::string> settings = {
      {"application_name", "samcache"},
      {"connect_timeout", std::to_string(std::max<std::int64_t>(
                              2, std::chrono::ceil<std::chrono::seconds>(options.connect_timeout).count()))},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", milliseconds(options.statement_timeout)},
  };
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) settings[option->keyword] = option->val;
  }
  settings["client_encoding"] = "UTF8";
  const std::string timeout = milliseconds(options.statement_timeout);
  settings["options"] = "-c client_min_messages=warning -c statement_timeout=" + timeout +
                        " -c lock_timeout=" + timeout + " -c idle_in_transaction_session_timeout=" + timeout + " " +
                        settings["options"];

  DatabaseAddress address{SqlDialect::kPostgresql, "", ""};
  for (const auto& [key, value] : settings) address.connection += key + "=" + quoted(value) + " ";
  const auto shown = [&](const std::string& key, const std::string& otherwise) {
    const auto found = settings.find(key);
    return found == settings.end() || found->second.empty() ? otherwise : found->second;
  };
  address.name = "postgresql at " + shown("host", "localhost") + ":" + shown("port", "5432") + "/" +
                 shown("dbname", shown("user", ""));
  return address;
}

}  // namespace

Result<DatabaseAddress> parse_database_url(const std::string& url, const DatabaseOptions& options) {
  if (url.starts_with(kSqlite)) return parse_sqlite(std::string_view(url).substr(kSqlite.size()));
  const bool is_postgresql = url.starts_with("postgresql://") || url.starts_with("postgres://");
  if (!is_postgresql || url.find('\0') != std::string::npos) return bad_url("is of no known kind");
  return parse_postgresql(url, options);
}

}  // namespace samcache

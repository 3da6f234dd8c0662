// Where a database is, taken from its URL. Internal to database/.
#pragma once

#include <string>

#include "base/error.h"
#include "database/database.h"

namespace samcache {

struct DatabaseAddress {
  SqlDialect dialect = SqlDialect::kSqlite;
  std::string connection;  // what the driver is given: a path, or libpq's "key='value' …" with the password in it
  std::string name;        // for messages: no password
};

// kInvalidArgument, without the URL's secrets, for what is no URL of either kind.
Result<DatabaseAddress> parse_database_url(const std::string& url, const DatabaseOptions& options);

}  // namespace samcache

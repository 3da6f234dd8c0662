// How news of a commit gets to other processes. Internal to database/.
//
// PostgreSQL: NOTIFY, which the server delivers at commit to whoever listens, in the order of commits. SQLite: rows of
// samcache_events, whose ids rise in the order of commits because there is one writer at a time; readers keep the last
// id they saw, and find by PRAGMA data_version, without a query, that nothing was written since.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "database/database.h"

namespace samcache {

// PostgreSQL's channel; a payload there is TOPIC, a line break, and what was published.
inline constexpr const char* kEventChannel = "samcache";

// The tables that events need.
std::vector<Migration> event_migrations(SqlDialect dialect);

void publish_event(Transaction& transaction, std::string_view topic, std::string_view payload);

}  // namespace samcache

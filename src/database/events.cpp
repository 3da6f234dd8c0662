#include "database/events.h"

namespace samcache {
namespace {

// What a listener may sleep through before it is told that it missed something.
constexpr std::int64_t kKeptMs = 5 * 60 * 1000;
constexpr std::int64_t kPruneEvery = 256;

}  // namespace

std::vector<Migration> event_migrations(SqlDialect dialect) {
  if (dialect == SqlDialect::kPostgresql) return {};
  return {{1,
           "events",
           {"CREATE TABLE samcache_events (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, "
            "payload TEXT NOT NULL, created_at BIGINT NOT NULL)"}}};
}

void publish_event(Transaction& transaction, std::string_view topic, std::string_view payload) {
  if (transaction.dialect() == SqlDialect::kPostgresql) {
    transaction.query("SELECT pg_notify(:channel, :payload)",
                      {{"channel", kEventChannel}, {"payload", std::string(topic) + "\n" + std::string(payload)}});
    return;
  }
  const SqlRows added = transaction.query(
      "INSERT INTO samcache_events (topic, payload, created_at) VALUES (:topic, :payload, :now) RETURNING id",
      {{"topic", topic}, {"payload", payload}, {"now", transaction.now_ms()}});
  if (added.empty() || added[0].integer(0) % kPruneEvery != 0) return;
  // Ids rise with time, so this reads what it deletes and one row more.
  transaction.execute(
      "DELETE FROM samcache_events WHERE id < "
      "(SELECT id FROM samcache_events WHERE created_at >= :oldest ORDER BY id LIMIT 1)",
      {{"oldest", transaction.now_ms() - kKeptMs}});
}

}  // namespace samcache

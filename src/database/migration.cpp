// Database::migrate: how tables come to be, and to be newer.

#include "database/database.h"

namespace samcache {
namespace {

// Of the advisory lock that processes which migrate take turns by; any number nobody else uses.
constexpr std::int64_t kMigrationLock = 0x73616d6361636865;  // "samcache"

Status migrate_inside(Transaction& transaction, const std::string& database_name, const std::string& module,
                      const std::vector<Migration>& migrations) {
  if (transaction.dialect() == SqlDialect::kPostgresql) {
    transaction.query("SELECT pg_advisory_xact_lock(:lock)", {{"lock", kMigrationLock}});
  }
  transaction.execute(
      "CREATE TABLE IF NOT EXISTS schema_version (module TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, "
      "applied_at BIGINT NOT NULL, PRIMARY KEY (module, version))");
  const SqlRows newest = transaction.query(
      "SELECT COALESCE(MAX(version), 0) FROM schema_version WHERE module = :module", {{"module", module}});
  if (newest.empty()) return transaction.status();
  const std::int64_t version = newest[0].integer(0);
  if (version > static_cast<std::int64_t>(migrations.size())) {
    return Error{ErrorCode::kUnsupported, database_name + " has tables of a newer samcache (" + module + " version " +
                                              std::to_string(version) + ", this program knows " +
                                              std::to_string(migrations.size()) + "): use a newer samcache"};
  }
  for (const Migration& migration : migrations) {
    if (migration.version <= version) continue;
    for (const std::string& statement : migration.statements) transaction.execute(statement);
    transaction.execute(
        "INSERT INTO schema_version (module, version, name, applied_at) VALUES (:module, :version, :name, :now)",
        {{"module", module}, {"version", migration.version}, {"name", migration.name}, {"now", transaction.now_ms()}});
  }
  return {};
}

}  // namespace

Status Database::migrate(const std::string& module, const std::vector<Migration>& migrations, Deadline deadline) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    check(migrations[i].version == static_cast<int>(i) + 1,
          module + ": migration " + migrations[i].name + " has a version out of order");
  }
  return transaction(Access::kWrite, deadline,
                     [&](Transaction& transaction) { return migrate_inside(transaction, name(), module, migrations); });
}

}  // namespace samcache

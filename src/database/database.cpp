#include "database/database.h"

#include <random>
#include <thread>

#include "database/connection_pool.h"
#include "database/events.h"
#include "database/listener.h"
#include "database/running_transaction.h"

namespace samcache {
namespace {

constexpr int kMaxTries = 200;  // of a transaction that others keep getting in the way of

// One try: begin, body, commit. Nothing: it is done.
std::optional<SqlFailure> try_once(const ConnectionPool::Lease& lease, Access access, Deadline deadline,
                                   const std::function<Status(Transaction&)>& body, bool& has_published) {
  SqlConnection& connection = *lease;
  auto begun = connection.begin(access);
  if (auto* failed = std::get_if<SqlFailure>(&begun)) return std::move(*failed);
  RunningTransaction transaction(connection, std::get<std::int64_t>(begun));
  Status done;
  try {
    done = body(transaction);
  } catch (...) {
    connection.rollback();
    throw;
  }
  if (transaction.failure()) {
    connection.rollback();
    return transaction.failure();
  }
  if (!done) {
    connection.rollback();
    return SqlFailure{SqlFailure::Kind::kFinal, done.error()};
  }
  if (access == Access::kWrite) lease.await_readers(deadline);
  auto failed = connection.commit();
  has_published = transaction.has_published();
  if (!failed) return std::nullopt;
  if (failed->kind != SqlFailure::Kind::kLost) {
    connection.rollback();
  } else if (access == Access::kWrite) {
    failed->kind = SqlFailure::Kind::kFinal;
    failed->error.message += "; the change may have been made: look before doing it again";
  }
  return failed;
}

// Longer with each try, and by chance, so that those who collided do not collide again.
void pause_before(int try_number, Deadline deadline) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const std::chrono::milliseconds pause(
      std::uniform_int_distribution(1, std::min(2 << std::min(try_number, 6), 100))(random));
  std::this_thread::sleep_for(std::min(pause, deadline.remaining()));
}

}  // namespace

Database::Database(std::unique_ptr<ConnectionPool> pool, std::unique_ptr<Listener> listener)
    : pool_(std::move(pool)), listener_(std::move(listener)) {}

Database::~Database() = default;

Result<std::shared_ptr<Database>> Database::open(const std::string& url, DatabaseOptions options) {
  check(options.max_connections > 0, "a database without connections");
  auto address = parse_database_url(url, options);
  if (!address) return address.error();
  std::shared_ptr<Database> database(new Database(std::make_unique<ConnectionPool>(*address, options.max_connections),
                                                  Listener::create(*address, options)));
  const Deadline deadline = Deadline::after(options.connect_timeout + options.statement_timeout);
  if (Status done = database->migrate("events", event_migrations(address->dialect), deadline); !done) {
    return done.error();
  }
  return database;
}

SqlDialect Database::dialect() const { return pool_->address().dialect; }

const std::string& Database::name() const { return pool_->address().name; }

Status Database::run_transaction(Access access, Deadline deadline, const std::function<Status(Transaction&)>& body) {
  bool has_reconnected = false;
  for (int tries = 1;; ++tries) {
    bool has_published = false;
    std::optional<SqlFailure> failed;
    {
      auto taken = pool_->take(access, deadline);
      if (auto* untaken = std::get_if<SqlFailure>(&taken)) return untaken->error;
      auto& connection = std::get<ConnectionPool::Lease>(taken);
      failed = try_once(connection, access, deadline, body, has_published);
      if (!connection->is_sound()) connection.forget();
    }
    if (!failed) {
      if (has_published) listener_->wake();
      return {};
    }
    const bool may_try_again = failed->kind == SqlFailure::Kind::kBusy
                                   ? tries < kMaxTries
                                   : failed->kind == SqlFailure::Kind::kLost && !has_reconnected;
    if (!may_try_again || deadline.passed()) return failed->error;
    has_reconnected = has_reconnected || failed->kind == SqlFailure::Kind::kLost;
    pause_before(tries, deadline);
  }
}

Status Database::ping(Deadline deadline) {
  return transaction(Access::kRead, deadline, [](Transaction& transaction) -> Status {
    transaction.query("SELECT 1");
    return {};
  });
}

Subscription Database::subscribe(std::string topic, Subscriber subscriber) {
  return listener_->subscribe(std::move(topic), std::move(subscriber));
}

}  // namespace samcache

// One SQL database that all of samcache's processes share: a SQLite file, or PostgreSQL when there are many workers.
//
// All work is done in transactions. A body runs between BEGIN and COMMIT and may run more than once: after a deadlock,
// a serialization failure, a busy SQLite file, or a connection that was lost before COMMIT, it is rolled back and run
// again, so it must have no effects but those on the transaction and on its own return value. It returns a Result<T>;
// an Error rolls back.
//
// The first statement that fails spoils its transaction: further statements do nothing and answer no rows, and
// `transaction` answers with that failure whatever the body returned. So bodies read straight on without a check after
// each statement, as long as they can live with no rows.
//
// Any thread, blocking; at most `max_connections` transactions at once, others wait. Bodies must not start another
// transaction on the same database. The deadline bounds the waiting and the trying again; a statement that runs is
// bounded by `statement_timeout`.
//
// kUnavailable: the server is away, or all is busy until the deadline; after a connection was lost during COMMIT the
// message says that the change may have been made. kInvalidArgument: a text with NUL or bytes that are not UTF-8.
// Messages name the server and the database, never a password.
//
// Processes tell each other of changes by `Transaction::publish` and `Database::subscribe`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "database/transaction.h"

namespace samcache {

class ConnectionPool;
class Listener;

struct DatabaseOptions {
  int max_connections = 8;
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);     // PostgreSQL, whole seconds, at least 2
  std::chrono::milliseconds statement_timeout = std::chrono::seconds(30);  // PostgreSQL; SQLite's wait for a lock
  std::chrono::milliseconds poll_interval =
      std::chrono::milliseconds(100);  // SQLite: how late other processes' news is
};

// A step of a module's tables, from one version to the next. Statements are run one by one.
struct Migration {
  int version = 0;  // 1, 2, 3, …
  std::string name;
  std::vector<std::string> statements;
};

struct Notification {
  std::string topic;
  std::string payload;  // empty when `missed`
  // Something may have been published that was not heard (before listening began, or while the connection was lost):
  // look for yourself.
  bool missed = false;
};

// Called one at a time from a thread of the database's own: be quick, do not block, and neither subscribe nor end a
// subscription from it.
using Subscriber = std::function<void(const Notification&)>;

// Ends when it is destroyed, which waits for a call that is under way. Must end before the database does.
using Subscription = std::shared_ptr<const void>;

enum class Access {
  kRead,   // SQLite: readers run beside each other
  kWrite,  // SQLite: one writer at a time, from its begin
};

class Database {
 public:
  // `sqlite:///ABSOLUTE/PATH`, `sqlite:PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTIONS` (libpq's URI; also
  // `postgres://`). Connects once, so that a wrong URL is found out here. A SQLite file is made when there is none, its
  // folder is not.
  static Result<std::shared_ptr<Database>> open(const std::string& url, DatabaseOptions options = {});
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  SqlDialect dialect() const;
  // "postgresql at HOST:PORT/NAME" or "sqlite at PATH": for messages and logs.
  const std::string& name() const;

  // Runs `body(Transaction&)`, which returns a Result<T>, as said above; answers what the body did.
  template <class Body>
  auto transaction(Access access, Deadline deadline, Body&& body) -> std::invoke_result_t<Body&, Transaction&> {
    using Answer = std::invoke_result_t<Body&, Transaction&>;
    Answer answer = Error{ErrorCode::kUnavailable, "the transaction did not run"};
    const Status done = run_transaction(access, deadline, [&](Transaction& transaction) -> Status {
      answer = body(transaction);
      if (!answer) return answer.error();
      return {};
    });
    if (!done) return done.error();
    return answer;
  }

  // Brings the tables of `module` up to the last of `migrations` (whose versions rise by one from 1), in one
  // transaction under a lock that all processes share: any number may start at once. kUnsupported when the tables are
  // newer than this program.
  Status migrate(const std::string& module, const std::vector<Migration>& migrations, Deadline deadline);

  // Whether the database answers.
  Status ping(Deadline deadline);

  // Calls `subscriber` soon after each commit, by any process, of a transaction that published on `topic`: in order per
  // publishing transaction, at least once; and with `missed` when listening begins, and whenever it had to begin anew.
  [[nodiscard]] Subscription subscribe(std::string topic, Subscriber subscriber);

 private:
  Database(std::unique_ptr<ConnectionPool> pool, std::unique_ptr<Listener> listener);
  Status run_transaction(Access access, Deadline deadline, const std::function<Status(Transaction&)>& body);

  std::unique_ptr<ConnectionPool> pool_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace samcache

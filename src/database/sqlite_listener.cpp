#include <condition_variable>
#include <stop_token>
#include <thread>

#include "database/listener.h"
#include "database/sql_connection.h"

namespace samcache {
namespace {

class SqliteListener final : public Listener {
 public:
  SqliteListener(DatabaseAddress address, std::chrono::milliseconds poll_interval)
      : address_(std::move(address)), poll_interval_(poll_interval) {}

  void wake() override {
    {
      const std::scoped_lock lock(mutex_);
      woken_ = true;
    }
    wake_.notify_one();
  }

 protected:
  void start() override {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_ptr<SqlConnection> connection;
    do {
      if (!connection) connection = connect();
      if (connection && !look(*connection)) connection.reset();
    } while (wait(stop));
  }

  std::unique_ptr<SqlConnection> connect() {
    data_version_.reset();  // it counts for one connection only
    auto opened = SqlConnection::open(address_);
    if (std::holds_alternative<SqlFailure>(opened)) return nullptr;
    return std::move(std::get<0>(opened));
  }

  // False when it is time to stop.
  bool wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, poll_interval_, [this] { return woken_; });
    woken_ = false;
    return !stop.stop_requested();
  }

  // Tells what is new. False when that failed: the next time begins where this one did, on a new connection.
  bool look(SqlConnection& connection) {
    if (!last_id_) return begin_listening(connection);
    const auto version = number_of(connection, "PRAGMA data_version");
    if (!version) return false;
    if (version == data_version_) return true;
    auto answer = connection.run("SELECT id, topic, payload FROM samcache_events WHERE id > :last ORDER BY id",
                                 {{"last", *last_id_}});
    const auto* events = std::get_if<SqlAnswer>(&answer);
    if (events == nullptr) return false;
    data_version_ = version;
    for (const SqlRow& event : events->rows) {
      if (event.integer(0) != *last_id_ + 1) subscribers_->tell_missed();  // pruned before it was read
      last_id_ = event.integer(0);
      subscribers_->tell(event.text(1), event.text(2));
    }
    return true;
  }

  bool begin_listening(SqlConnection& connection) {
    const auto last =
        number_of(connection, "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'samcache_events'");
    if (!last) return false;
    last_id_ = last;
    subscribers_->tell_missed();
    return true;
  }

  static std::optional<std::int64_t> number_of(SqlConnection& connection, const std::string& sql) {
    auto answer = connection.run(sql);
    const auto* rows = std::get_if<SqlAnswer>(&answer);
    if (rows == nullptr || rows->rows.empty()) return std::nullopt;
    return rows->rows[0].integer(0);
  }

  const DatabaseAddress address_;
  const std::chrono::milliseconds poll_interval_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool woken_ = false;
  // The thread's own.
  std::optional<std::int64_t> data_version_;  // the file's, when it was last read
  std::optional<std::int64_t> last_id_;       // nothing before listening began
  std::jthread thread_;                       // last: it uses all of the above
};

}  // namespace

std::unique_ptr<Listener> make_sqlite_listener(const DatabaseAddress& address, const DatabaseOptions& options) {
  return std::make_unique<SqliteListener>(address, options.poll_interval);
}

}  // namespace samcache

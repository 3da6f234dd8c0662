#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <stop_token>
#include <thread>

#include "base/file_descriptor.h"
#include "database/events.h"
#include "database/listener.h"

namespace samcache {
namespace {

constexpr int kReconnectPauseMs = 500;

struct ConnectionCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, ConnectionCloser>;

// SOCI knows nothing of notifications, so this is libpq itself, on a connection of its own.
class PostgresqlListener final : public Listener {
 public:
  explicit PostgresqlListener(DatabaseAddress address) : address_(std::move(address)) {}

 protected:
  void start() override {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      const std::stop_callback interrupt(stop, [this] { eventfd_write(stopped_.get(), 1); });
      run(stop);
    });
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const Connection connection = connect();
      if (connection) {
        subscribers_->tell_missed();
        while (wait(PQsocket(connection.get()), -1) && receive(*connection)) {
        }
      }
      wait(-1, kReconnectPauseMs);
    }
  }

  // Connected and listening, or null.
  Connection connect() const {
    Connection connection(PQconnectdb(address_.connection.c_str()));
    if (PQstatus(connection.get()) != CONNECTION_OK) return nullptr;
    PQsetNoticeProcessor(
        connection.get(), [](void*, const char*) {}, nullptr);  // which would print to stderr
    PGresult* result = PQexec(connection.get(), (std::string("LISTEN ") + kEventChannel).c_str());
    const bool is_listening = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!is_listening) return nullptr;
    return connection;
  }

  // Until there is something to read, the time is over, or it is time to stop; false then.
  bool wait(int socket, int timeout_ms) const {
    std::array<pollfd, 2> files = {pollfd{stopped_.get(), POLLIN, 0}, pollfd{socket, POLLIN, 0}};
    poll(files.data(), files.size(), timeout_ms);
    return files[0].revents == 0;
  }

  // False when the connection was lost.
  bool receive(PGconn& connection) {
    if (PQconsumeInput(&connection) == 0) return false;
    while (PGnotify* notification = PQnotifies(&connection)) {
      const std::string text = notification->extra;
      PQfreemem(notification);
      const std::size_t line_break = text.find('\n');
      if (line_break != std::string::npos) subscribers_->tell(text.substr(0, line_break), text.substr(line_break + 1));
    }
    return PQstatus(&connection) == CONNECTION_OK;
  }

  const DatabaseAddress address_;
  const FileDescriptor stopped_{eventfd(0, EFD_CLOEXEC)};
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<Listener> make_postgresql_listener(const DatabaseAddress& address) {
  return std::make_unique<PostgresqlListener>(address);
}

}  // namespace samcache

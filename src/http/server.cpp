#include "http/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "http/connection.h"
#include "http/event_loop.h"
#include "http/listener.h"
#include "http/response_head.h"
#include "http/server_core.h"

namespace samcache::http {
namespace {

constexpr std::chrono::milliseconds kStopPoll{5};

// Fine enough for the shortest timeout, and no finer than that needs.
std::chrono::milliseconds tick_for(const HttpLimits& limits) {
  const auto shortest = std::min({limits.header_timeout, limits.idle_timeout, limits.body_grace, limits.write_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(100));
}

// To a client that finds no place: one try, without waiting.
void turn_away(const FileDescriptor& socket) {
  HttpResponse response = problem(503, "the server has no room for another connection; try again");
  response.headers.set("Retry-After", "1");
  std::string out;
  const std::string date = http_date_now();
  append_response_head(out, response, {.keep_alive = false, .content_length = response.body_size(), .date = date});
  out += std::get<std::string>(response.body);
  send(socket.get(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(socket.get(), SHUT_WR);
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {
    for (std::size_t i = 0; i < core_->options().io_threads; ++i) {
      loops_.push_back(std::make_unique<EventLoop>(tick_for(core_->limits())));
    }
  }
  ~Impl() { stop(Deadline::after(std::chrono::seconds(0))); }

  Status listen() {
    for (const ListenAddress& address : core_->options().listen) {
      Result<ListeningSocket> socket = listen_on(address);
      if (!socket) return socket.error();
      if (port_ == 0) port_ = socket->port;
      listeners_.push_back(std::make_unique<Listener>(
          loops_.front()->context(), std::move(socket).value(),
          [this](FileDescriptor client, std::string peer) { accept(std::move(client), std::move(peer)); }));
    }
    return {};
  }

  void start() {
    std::signal(SIGPIPE, SIG_IGN);
    for (const auto& listener : listeners_) listener->start();
    for (const auto& loop : loops_) loop->start();
    is_running_ = true;
  }

  bool stop(Deadline deadline) {
    const std::scoped_lock lock(stop_mutex_);
    if (!std::exchange(is_running_, false)) return true;
    core_->is_stopping = true;
    on_every_loop([this](EventLoop& loop) {
      if (&loop == loops_.front().get()) {
        for (const auto& listener : listeners_) listener->close();
      }
      loop.shut_down_members();
    });
    bool finished = wait_for_connections(deadline);
    if (!finished) {
      on_every_loop([](EventLoop& loop) { loop.abort_members(); });
      wait_for_connections(Deadline::after(std::chrono::milliseconds(200)));
    }
    finished = core_->drain_pools(deadline) && finished;
    for (const auto& loop : loops_) loop->stop();  // whose coroutines must outlive what still runs for them
    core_->end_pools();
    listeners_.clear();
    loops_.clear();
    return finished;
  }

  std::uint16_t port() const { return port_; }
  ServerCore& core() const { return *core_; }

 private:
  void accept(FileDescriptor client, std::string peer) {
    if (!core_->admit(peer)) {
      turn_away(client);
      return;
    }
    EventLoop& loop = *loops_[next_loop_++ % loops_.size()];
    if (&loop == loops_.front().get()) {
      Connection::start(core_, loop, std::move(client), std::move(peer));
      return;
    }
    // std::function wants to copy what it holds.
    auto shared = std::make_shared<FileDescriptor>(std::move(client));
    loop.handle()->post(
        [this, &loop, shared, peer = std::move(peer)] { Connection::start(core_, loop, std::move(*shared), peer); });
  }

  // Runs `task` on each loop's thread and waits for it.
  void on_every_loop(const std::function<void(EventLoop&)>& task) {
    for (const auto& loop : loops_) {
      auto done = std::make_shared<std::promise<void>>();
      loop->handle()->post([&task, &loop, done] {
        task(*loop);
        done->set_value();
      });
      done->get_future().wait();
    }
  }

  bool wait_for_connections(Deadline deadline) {
    while (core_->connections > 0) {
      if (deadline.passed()) return false;
      std::this_thread::sleep_for(std::min(kStopPoll, deadline.remaining()));
    }
    return true;
  }

  const std::shared_ptr<ServerCore> core_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::uint16_t port_ = 0;
  std::size_t next_loop_ = 0;
  std::mutex stop_mutex_;
  bool is_running_ = false;
};

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Router router) {
  auto core = ServerCore::create(std::move(options), std::move(router));
  if (!core) return core.error();
  auto impl = std::make_unique<Impl>(std::move(core).value());
  if (const Status listening = impl->listen(); !listening) return listening.error();
  impl->start();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port(); }

ServerGauges Server::gauges() const {
  const ServerCore& core = impl_->core();
  return {.connections = core.connections,
          .web_sockets = core.web_sockets,
          .event_streams = core.event_streams,
          .requests_running = core.requests_running};
}

std::size_t Server::pool_waiting(std::size_t pool) const { return impl_->core().pool_waiting(pool); }

Status Server::reload_certificates() { return impl_->core().reload_certificates(); }

bool Server::stop(Deadline deadline) { return impl_->stop(deadline); }

}  // namespace samcache::http

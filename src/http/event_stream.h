// Server-Sent Events: a stream of small messages to one client, pushed from any thread.
//
// A handler makes one, hands it to whoever has news, and answers with HttpResponse::events(stream). What is sent
// before the connection takes it over waits in the queue. The stream lives as long as anybody holds it; after the
// client has gone, or the server has begun to stop, send() says so and does nothing. All calls are thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace samcache::http {

class OutgoingQueue;

struct EventStreamOptions {
  std::size_t max_queue_bytes = 256 << 10;      // a client that reads more slowly than this is cut off; it reconnects
  std::chrono::milliseconds heartbeat{15'000};  // a comment when nothing else was sent, so that proxies keep it open
  std::chrono::milliseconds retry{2'000};       // what the client is told to wait before it reconnects
};

// Texts are UTF-8. `id` and `event` are one line (a line break in them throws); `data` may have many.
struct ServerEvent {
  std::string_view data = {};
  std::string_view event = {};  // the event's type; empty: "message"
  std::string_view id = {};     // comes back as Last-Event-ID after a reconnect
};

class EventStream {
 public:
  explicit EventStream(EventStreamOptions options = {});
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  ~EventStream();

  // False: the client is gone or too slow (and then cut off). With a `key`, an event under the same key that still
  // waits is replaced: the newest wins.
  bool send(const ServerEvent& event, std::string_view key = {});
  // Ends the response after what is queued.
  void close();
  bool is_closed() const;
  // Called once, on the connection's thread or at once when it is closed already: must not block.
  void on_closed(std::function<void()> callback);

  const EventStreamOptions& options() const { return options_; }
  // The server's side.
  const std::shared_ptr<OutgoingQueue>& queue() const { return queue_; }

 private:
  const EventStreamOptions options_;
  const std::shared_ptr<OutgoingQueue> queue_;
};

// The event in the wire's form, blank line included.
std::string format_event(const ServerEvent& event);

}  // namespace samcache::http

#include "http/event_stream.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "http/outgoing_queue.h"
#include "http/web_socket.h"

namespace samcache::http {
namespace {

void append_line(std::string& out, std::string_view field, std::string_view value) {
  constexpr std::string_view kLineBreaks("\r\n\0", 3);
  check(value.find_first_of(kLineBreaks) == std::string_view::npos,
        "format_event: " + std::string(field) + " must be one line: " + in_quotes(value));
  out.append(field).append(": ").append(value).append("\n");
}

}  // namespace

std::string format_event(const ServerEvent& event) {
  std::string out;
  if (!event.id.empty()) append_line(out, "id", event.id);
  if (!event.event.empty()) append_line(out, "event", event.event);
  std::string_view data = event.data;
  for (bool more = true; more;) {  // "\r\n", "\n" and "\r" all end a line for the client
    const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
    out.append("data: ").append(data.substr(0, end)).append("\n");
    more = end < data.size();
    data.remove_prefix(end);
    if (more) data.remove_prefix(data.starts_with("\r\n") ? 2 : 1);
  }
  return out.append("\n");
}

EventStream::EventStream(EventStreamOptions options)
    : options_(options), queue_(std::make_shared<OutgoingQueue>(options.max_queue_bytes)) {
  std::vector<OutgoingFrame> hello;
  hello.push_back({.text = "retry: " + std::to_string(options.retry.count()) + "\n\n"});
  queue_->push(std::move(hello));
}

EventStream::~EventStream() { close(); }

bool EventStream::send(const ServerEvent& event, std::string_view key) {
  std::vector<OutgoingFrame> frames;
  frames.push_back({.text = format_event(event)});
  return queue_->push(std::move(frames), key);
}

void EventStream::close() { queue_->close(kCloseNormal, {}); }

bool EventStream::is_closed() const { return queue_->is_closed(); }

void EventStream::on_closed(std::function<void()> callback) { queue_->on_finished(std::move(callback)); }

}  // namespace samcache::http

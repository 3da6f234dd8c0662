#include "api/event_hub.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "api/json/image_json.h"

namespace samcache {
namespace {

struct Listening {
  std::shared_ptr<http::EventStream> stream;
  EventInterest interest;

  bool wants(const ImageRecord& image) const {
    return (!interest.image_id || *interest.image_id == image.id) &&
           (!interest.project || *interest.project == image.project);
  }
};

}  // namespace

struct EventHub::State {
  explicit State(std::size_t limit) : max_streams(limit) {}

  const std::size_t max_streams;
  std::mutex mutex;
  std::uint64_t next_id = 0;
  std::map<std::uint64_t, Listening> streams;

  void hear(const ImageEvent& event);
  void send(const ImageEvent& event, const http::ServerEvent& text);
  void drop(std::uint64_t id) {
    std::shared_ptr<http::EventStream> last;  // goes after the lock
    const std::scoped_lock lock(mutex);
    if (const auto found = streams.find(id); found != streams.end()) {
      last = std::move(found->second.stream);
      streams.erase(found);
    }
  }
};

void EventHub::State::hear(const ImageEvent& event) {
  switch (event.kind) {
    case ImageEvent::Kind::kChanged: send(event, {.data = image_status_json(event.image), .event = "status"}); return;
    case ImageEvent::Kind::kRemoved: send(event, {.data = removed_image_json(event.image), .event = "removed"}); return;
    case ImageEvent::Kind::kMayHaveLost: send(event, {.data = "{}", .event = "resync"}); return;
  }
}

void EventHub::State::send(const ImageEvent& event, const http::ServerEvent& text) {
  const bool for_all = event.kind == ImageEvent::Kind::kMayHaveLost;
  std::vector<std::shared_ptr<http::EventStream>> listeners;
  {
    const std::scoped_lock lock(mutex);
    for (const auto& [id, listening] : streams) {
      if (for_all || listening.wants(event.image)) listeners.push_back(listening.stream);
    }
  }
  for (const auto& stream : listeners) stream->send(text, for_all ? "resync" : event.image.id);
}

EventHub::EventHub(ImageEvents& events, std::size_t max_streams)
    : state_(std::make_shared<State>(max_streams)),
      subscription_(events.listen([state = state_](const ImageEvent& event) { state->hear(event); })) {}

EventHub::~EventHub() = default;

bool EventHub::add(const std::shared_ptr<http::EventStream>& stream, EventInterest interest) {
  std::uint64_t id = 0;
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->streams.size() >= state_->max_streams) return false;
    id = state_->next_id++;
    state_->streams.emplace(id, Listening{stream, std::move(interest)});
  }
  stream->on_closed([weak = std::weak_ptr(state_), id] {
    if (const std::shared_ptr<State> state = weak.lock()) state->drop(id);
  });
  return true;
}

bool send_status(http::EventStream& stream, const ImageRecord& image) {
  const std::string data = image_status_json(image);
  return stream.send({.data = data, .event = "status"}, image.id);
}

}  // namespace samcache

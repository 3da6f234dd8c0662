// News of images, handed on to everybody who listens over HTTP.
//
// One subscription to ImageEvents serves all: each event is written as text once and goes to the streams that may see
// it. A slow stream gets the newest state of an image in place of those that still wait (see http/event_stream.h).
// Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "http/event_stream.h"
#include "service/image_events.h"

namespace samcache {

struct EventInterest {
  std::optional<std::string> image_id = {};  // nothing: all of the project
  std::optional<std::string> project = {};   // nothing: all
};

class EventHub {
 public:
  EventHub(ImageEvents& events, std::size_t max_streams);
  ~EventHub();

  // False: there are too many streams; nothing was added. The stream is dropped when its client has gone.
  bool add(const std::shared_ptr<http::EventStream>& stream, EventInterest interest);

 private:
  struct State;
  const std::shared_ptr<State> state_;
  const ImageEvents::Subscription subscription_;  // last: it ends before the rest goes
};

// The present state of an image, as the first event of a stream on it.
bool send_status(http::EventStream& stream, const ImageRecord& image);

}  // namespace samcache

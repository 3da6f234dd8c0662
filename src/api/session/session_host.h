// The WebSockets of /images/{id}/interactive: joins each to an InteractiveSession, and does for its image what an open
// session is worth: an encode that comes before others, an image that stays ready for clicks, neighbours fetched ahead.
//
// A session whose image is deleted, by whomever, is ended with kCloseImageRemoved.
//
// Thread-safe. Uses the service, which must outlive it, as it must outlive the server whose connections it has.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "api/session/interactive_session.h"
#include "http/web_socket.h"
#include "service/service.h"

namespace samcache {

struct SessionHostOptions {
  std::size_t threads = 16;  // prompts under way; the device takes them one after the other, masks are coded beside it
  std::size_t max_waiting = 2048;
  SessionLimits session = {};
  // Told of every answered prompt, on the threads that answer: for metrics.
  std::function<void(const PromptRequest&, const PromptAnswer&)> on_answer = {};
};

class SessionHost {
 public:
  SessionHost(const Service& service, const SessionHostOptions& options);
  ~SessionHost();

  // For a client that may see the image.
  std::shared_ptr<http::WebSocketSession> open(const ImageRecord& image);

  std::size_t open_sessions() const;

 private:
  class State;
  class Connection;
  const std::unique_ptr<State> state_;
  ImageEvents::Subscription events_;  // last: they reach the state
};

}  // namespace samcache

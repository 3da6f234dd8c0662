// An answer that a connection waits for while a handler works on it elsewhere. Internal to http/, behind Responder.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "http/http_request.h"
#include "http/http_response.h"

namespace samcache::http {

// Shared by the connection and the Responder; thread-safe.
class PendingAnswer {
 public:
  // `wake` tells the connection that there is an answer; called once, from any thread.
  PendingAnswer(std::shared_ptr<HttpRequest> request, std::size_t compress_from_bytes, std::function<void()> wake);

  // Only the first counts.
  void answer(HttpResponse response);
  bool is_wanted() const;

  // The connection's side.
  std::optional<HttpResponse> take();
  // The client has hung up, it seems: the answer will be sent all the same.
  void note_client_left();
  // The connection waits no longer.
  void abandon();

 private:
  const std::shared_ptr<HttpRequest> request_;
  const std::size_t compress_from_bytes_;
  mutable std::mutex mutex_;
  std::function<void()> wake_;
  std::optional<HttpResponse> response_;
  bool is_answered_ = false;
  bool client_left_ = false;
  bool is_abandoned_ = false;
};

}  // namespace samcache::http

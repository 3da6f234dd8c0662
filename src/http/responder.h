// The right to answer one request, once, from any thread.
//
// Movable, not copyable. Dropping it unanswered answers 500. Answering after the client has gone, or after the server
// has stopped, does nothing.
#pragma once

#include <memory>

#include "http/http_response.h"

namespace samcache::http {

class PendingAnswer;

class Responder {
 public:
  explicit Responder(std::shared_ptr<PendingAnswer> pending);
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  // At most once. Compresses the text if that is due, on the calling thread.
  void answer(HttpResponse response);
  // Whether somebody still waits: false when the client has gone, so that work may be given up.
  bool is_wanted() const;

 private:
  std::shared_ptr<PendingAnswer> pending_;
};

}  // namespace samcache::http

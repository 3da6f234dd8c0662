// Requests that wait until an image is encoded: on threads of their own, so that nobody else has to.
#pragma once

#include <functional>
#include <memory>

#include "api/api_context.h"
#include "http/responder.h"

namespace samcache {

// Who waits, and for what.
struct EncodeWait {
  std::shared_ptr<http::HttpRequest> request;
  ImageRecord image;
  bool again = false;  // see EncodingService::request_encode
};

// Has the image encoded, ahead of what waits in the background, and answers with what `then` makes once it is; with a
// problem when it cannot be, with 429 when too many wait already. Gives up when the client has gone or the server
// stops.
void answer_when_encoded(ApiContext& context, EncodeWait wait, http::Responder responder,
                         std::function<http::HttpResponse(double waited_ms)> then);

}  // namespace samcache

// Changes of images, pushed as Server-Sent Events.
#include <memory>
#include <string>

#include "api/handlers.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

constexpr int kTooManyStreamsRetry_s = 10;

HttpResponse too_many_streams() {
  return http::too_many_requests("too many event streams are open", kTooManyStreamsRetry_s);
}

}  // namespace

Answer listen_to_image(ApiContext& context, HttpRequest& request) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  const auto stream = std::make_shared<http::EventStream>();
  if (!context.events.add(stream, {.image_id = image->id})) return too_many_streams();
  // Read once more, now that changes are heard: one between the two would be missed.
  const Result<std::optional<ImageRecord>> now = context.service.catalog->image(image->id, request.deadline());
  if (now && *now) {
    send_status(*stream, **now);
    return HttpResponse::events(stream);
  }
  stream->close();
  return now ? no_such_image(image->id) : now.error();
}

Answer listen_to_images(ApiContext& context, HttpRequest& request) {
  ChosenProject chosen = choose_project(caller_of(request), request.query("project"));
  if (chosen.forbidden) return forbidden_project();
  const auto stream = std::make_shared<http::EventStream>();
  if (!context.events.add(stream, {.project = std::move(chosen.project)})) return too_many_streams();
  return HttpResponse::events(stream);
}

}  // namespace samcache

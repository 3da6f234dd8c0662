// The functions behind the routes, in the order of the table in routes.cpp.
//
// A handler runs on its route's pool and may block until the request's deadline. An Error becomes problem details
// (http::problem), so handlers return errors of the service as they are and write problems only where the status is
// another. A write says in `Written` what it has changed; that is put into the audit log when it has succeeded.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "api/api_context.h"
#include "base/error.h"
#include "http/body_sink.h"
#include "http/http_request.h"
#include "http/http_response.h"
#include "http/responder.h"
#include "http/web_socket.h"

namespace samcache {

struct Written {
  const char* action = "";   // "image.create"; empty: nothing was changed
  std::string subject = {};  // its id
  std::string detail = {};   // for people
};

using Answer = Result<http::HttpResponse>;
using Sink = std::variant<std::shared_ptr<http::BodySink>, http::HttpResponse>;
using Socket = std::variant<std::shared_ptr<http::WebSocketSession>, http::HttpResponse>;

// image_routes.cpp
Answer list_images(ApiContext& context, http::HttpRequest& request);
Answer get_image(ApiContext& context, http::HttpRequest& request);
// On the event loop, when the image is in memory: this is the call that clients repeat until an image is encoded.
std::optional<http::HttpResponse> get_image_at_once(ApiContext& context, http::HttpRequest& request);
Answer get_content(ApiContext& context, http::HttpRequest& request);
Answer get_thumbnail(ApiContext& context, http::HttpRequest& request);
Answer delete_image(ApiContext& context, http::HttpRequest& request, Written& written);
Answer list_projects(ApiContext& context, http::HttpRequest& request);
// upload_routes.cpp
Answer upload_image(ApiContext& context, http::HttpRequest& request, Written& written);

// annotation_routes.cpp
Answer get_annotations(ApiContext& context, http::HttpRequest& request);
Answer put_annotations(ApiContext& context, http::HttpRequest& request, Written& written);

// encoding_routes.cpp
Answer get_encoding(ApiContext& context, http::HttpRequest& request);
Sink open_encoding(ApiContext& context, http::HttpRequest& request);
Answer put_encoding(ApiContext& context, http::HttpRequest& request, Written& written);
// encode_routes.cpp
void encode_image(ApiContext& context, const std::shared_ptr<http::HttpRequest>& request, http::Responder responder);

// infer_routes.cpp
void infer(ApiContext& context, const std::shared_ptr<http::HttpRequest>& request, http::Responder responder);
Answer get_mask(ApiContext& context, http::HttpRequest& request);
Socket open_session(ApiContext& context, http::HttpRequest& request);

// job_routes.cpp
Answer encode_batch(ApiContext& context, http::HttpRequest& request, Written& written);
Answer get_job(ApiContext& context, http::HttpRequest& request);
Answer cancel_job(ApiContext& context, http::HttpRequest& request, Written& written);

// event_routes.cpp
Answer listen_to_image(ApiContext& context, http::HttpRequest& request);
Answer listen_to_images(ApiContext& context, http::HttpRequest& request);

// cache_routes.cpp
Answer warm_cache(ApiContext& context, http::HttpRequest& request, Written& written);
Answer get_cache_stats(ApiContext& context, http::HttpRequest& request);

// model_routes.cpp
Answer get_model(ApiContext& context, http::HttpRequest& request);
Answer get_model_part(ApiContext& context, http::HttpRequest& request);

// health_routes.cpp
std::optional<http::HttpResponse> get_health(ApiContext& context, http::HttpRequest& request);
Answer get_readiness(ApiContext& context, http::HttpRequest& request);
Answer get_metrics(ApiContext& context, http::HttpRequest& request);
std::optional<http::HttpResponse> get_openapi(ApiContext& context, http::HttpRequest& request);

}  // namespace samcache

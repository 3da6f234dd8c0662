// What all handlers of the API share, and what many of them begin or end with.
//
// The service and the log outlive it. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api_options.h"
#include "api/auth/authenticator.h"
#include "api/auth/caller.h"
#include "api/event_hub.h"
#include "api/log/log.h"
#include "api/mask_links.h"
#include "api/metrics/metrics.h"
#include "api/readiness.h"
#include "api/session/session_host.h"
#include "base/task_pool.h"
#include "http/http_request.h"
#include "http/http_response.h"
#include "http/server.h"
#include "service/service.h"

namespace samcache {

// Pools of the HTTP server, in the order of ServerOptions::pools.
enum class Pool { kQuick, kStore, kPrompt, kAdapter };

struct ApiContext {
  ApiContext(const ApiOptions& options, bool open_access, const Service& service, Metrics& metrics, Log& log);

  ~ApiContext();

  const ApiOptions options;
  const Service& service;
  Metrics& metrics;
  Log& log;
  Authenticator authenticator;
  MaskLinks masks;
  EventHub events;
  SessionHost sessions;
  Readiness readiness;
  std::atomic<const http::Server*> server = nullptr;  // while it runs
  std::atomic<bool> stopping = false;                 // requests that wait for something give up
  TaskPool waiting;  // requests that wait until an image is encoded; last: its tasks use all of the above
};

const Caller& caller_of(const http::HttpRequest& request);

// The image that the path names, if the caller may see it: one of another project is kNotFound, too.
Result<ImageRecord> requested_image(const ApiContext& context, const http::HttpRequest& request);
Error no_such_image(std::string_view id);
// A UUID in lower case: what is none names no image and need not be looked up.
bool is_image_id(std::string_view text);
// The images of these ids, all of which must exist and be seen by the caller: else kNotFound with the first that is
// not.
Result<std::vector<ImageRecord>> requested_images(const ApiContext& context, const http::HttpRequest& request,
                                                  const std::vector<std::string>& ids);

// The project that something is to be done in: what was asked for, else the caller's own. kInvalidArgument, and 403 for
// a caller of another project as `forbidden`.
struct ChosenProject {
  std::optional<std::string> project;  // nothing: all
  bool forbidden = false;
};
ChosenProject choose_project(const Caller& caller, std::optional<std::string_view> asked);
http::HttpResponse forbidden_project();

// "?wait=true", "?wait=1", "?wait"; kInvalidArgument for what is neither yes nor no.
Result<bool> query_flag(const http::HttpRequest& request, std::string_view name, bool otherwise);
Result<int> query_number(const http::HttpRequest& request, std::string_view name, int otherwise, int least, int most);

// For what never changes under its URL: others may keep it, too, unless access needs a token.
std::string_view immutable_caching(const ApiContext& context);

// 429 when the queue is full, else as http::problem.
http::HttpResponse queue_problem(const ApiContext& context, const Error& error, Deadline deadline);

}  // namespace samcache

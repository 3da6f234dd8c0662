#include "api/api_context.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace samcache {
namespace {

constexpr int kFullQueueRetry_s = 5;

AuthenticatorOptions authenticator_options(const ApiOptions& options, bool open_access) {
  return {.cache = options.token_cache,
          .token_rate = options.token_rate,
          .failed_rate = options.failed_rate,
          .open = open_access,
          .pool = static_cast<std::size_t>(Pool::kQuick)};
}

SessionHostOptions measured(SessionHostOptions options, Metrics& metrics) {
  options.on_answer = [&metrics](const PromptRequest& request, const PromptAnswer& answer) {
    metrics.on_prompt(request, answer);
  };
  return options;
}

TokenSource token_source(const Service& service) {
  return {.find = [catalog = service.catalog](const std::string& secret,
                                              Deadline deadline) { return catalog->tokens().find(secret, deadline); },
          .any_created = [catalog =
                              service.catalog](Deadline deadline) { return catalog->tokens().any_created(deadline); }};
}

}  // namespace

ApiContext::ApiContext(const ApiOptions& api_options, bool open_access, const Service& the_service,
                       Metrics& the_metrics, Log& the_log)
    : options(api_options),
      service(the_service),
      metrics(the_metrics),
      log(the_log),
      authenticator(token_source(the_service), authenticator_options(api_options, open_access)),
      masks(api_options.mask_link_bytes, api_options.mask_link_lifetime),
      events(*the_service.events, api_options.max_event_streams),
      sessions(the_service, measured(api_options.sessions, the_metrics)),
      readiness([&the_service](Deadline deadline) { return the_service.ready(deadline); }, api_options.ready_cache),
      waiting(api_options.waiting_threads, api_options.max_waiting_requests) {}

ApiContext::~ApiContext() = default;

bool is_image_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (hyphen ? text[i] != '-' : !digit) return false;
  }
  return true;
}

const Caller& caller_of(const http::HttpRequest& request) { return *request.principal<Caller>(); }

Error no_such_image(std::string_view id) { return {ErrorCode::kNotFound, "there is no image " + in_quotes(id)}; }

Result<ImageRecord> requested_image(const ApiContext& context, const http::HttpRequest& request) {
  const std::string id(request.path_parameter("id"));
  if (!is_image_id(id)) return no_such_image(id);
  Result<ImageRecord> image = context.service.images->find(id, request.deadline());
  if (!image && image.error().code == ErrorCode::kNotFound) return no_such_image(id);
  if (image && !caller_of(request).sees(image->project)) return no_such_image(id);
  return image;
}

Result<std::vector<ImageRecord>> requested_images(const ApiContext& context, const http::HttpRequest& request,
                                                  const std::vector<std::string>& ids) {
  std::vector<ImageRecord> images;
  for (std::size_t first = 0; first < ids.size(); first += kMaxPageSize) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<std::string> page(
        begin, begin + static_cast<std::ptrdiff_t>(std::min(kMaxPageSize, ids.size() - first)));
    Result<std::vector<ImageRecord>> found = context.service.catalog->images(page, request.deadline());
    if (!found) return found.error();
    std::size_t next = 0;
    for (const std::string& id : page) {
      const bool is_there = next < found->size() && (*found)[next].id == id;
      if (!is_there || !caller_of(request).sees((*found)[next].project)) return no_such_image(id);
      images.push_back(std::move((*found)[next++]));
    }
  }
  return images;
}

ChosenProject choose_project(const Caller& caller, std::optional<std::string_view> asked) {
  if (!caller.project) return {.project = asked ? std::optional<std::string>(*asked) : std::nullopt};
  return {.project = caller.project, .forbidden = asked && *asked != *caller.project};
}

http::HttpResponse forbidden_project() { return http::problem(403, "the token is limited to another project"); }

Result<bool> query_flag(const http::HttpRequest& request, std::string_view name, bool otherwise) {
  const std::optional<std::string_view> value = request.query(name);
  if (!value) return otherwise;
  if (value->empty() || *value == "true" || *value == "1") return true;
  if (*value == "false" || *value == "0") return false;
  return Error{ErrorCode::kInvalidArgument,
               std::string(name) + " is " + in_quotes(*value) + "; it must be true or false"};
}

Result<int> query_number(const http::HttpRequest& request, std::string_view name, int otherwise, int least, int most) {
  const std::optional<std::string_view> text = request.query(name);
  if (!text) return otherwise;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value >= least && value <= most) return value;
  return Error{ErrorCode::kInvalidArgument, std::string(name) + " is " + in_quotes(*text) +
                                                "; it must be a number from " + std::to_string(least) + " to " +
                                                std::to_string(most)};
}

std::string_view immutable_caching(const ApiContext& context) {
  return context.authenticator.is_open() ? "public, max-age=31536000, immutable"
                                         : "private, max-age=31536000, immutable";
}

http::HttpResponse queue_problem(const ApiContext& context, const Error& error, Deadline deadline) {
  if (error.code == ErrorCode::kUnavailable) {
    const Result<QueueStats> stats = context.service.queue->stats(deadline);
    if (stats && stats->waiting >= context.options.max_waiting_jobs) {
      return http::too_many_requests("too many images wait to be encoded", kFullQueueRetry_s);
    }
  }
  return http::problem(error);
}

}  // namespace samcache

// Many images encoded in the background.
//
// The id of a batch is the queue's, and how many of its images needed no job because they were encoded already or have
// the same content as another: "UUID.N". So `done` and `total` count images, as whoever asked did.
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/handlers.h"
#include "api/json/image_ids.h"
#include "api/json/json_text.h"
#include "base/text.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

struct BatchId {
  std::string queue_id;
  std::int64_t without_job = 0;
};

std::string text_of(const BatchId& id) { return id.queue_id + '.' + std::to_string(id.without_job); }

std::optional<BatchId> parse_batch_id(std::string_view text) {
  constexpr std::int64_t kMost = kMaxBatchItems;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || !is_image_id(text.substr(0, dot))) return std::nullopt;
  BatchId id{.queue_id = std::string(text.substr(0, dot))};
  const auto [end, error] = std::from_chars(text.data() + dot + 1, text.data() + text.size(), id.without_job);
  if (error != std::errc() || end != text.data() + text.size() || id.without_job < 0 || id.without_job > kMost) {
    return std::nullopt;
  }
  return id;
}

Error no_such_job(std::string_view id) {
  return {ErrorCode::kNotFound, "there is no job " + in_quotes(id) + ", or it ended long ago"};
}

Result<std::vector<std::string>> parse_batch_body(const ApiContext& context, const HttpRequest& request) {
  const Result<nlohmann::json> document = parse_json(request.body(), {.max_bytes = context.options.max_json_bytes});
  if (!document) return document.error();
  JsonFields body(*document, "");
  std::vector<std::string> ids = read_image_ids(body, context.options.max_batch_images);
  if (ids.empty()) body.refuse("", "must name images: {\"image_ids\": [...]}");
  if (Status status = body.finish(); !status) return status.error();
  return ids;
}

}  // namespace

Answer encode_batch(ApiContext& context, HttpRequest& request, Written& written) {
  const Result<std::vector<std::string>> ids = parse_batch_body(context, request);
  if (!ids) return ids.error();
  const Result<std::vector<ImageRecord>> images = requested_images(context, request, *ids);
  if (!images) return images.error();
  std::vector<EncodeJobRequest> jobs;
  std::set<std::string> contents;
  for (const ImageRecord& image : *images) {
    if (image.encoding_status == EncodingStatus::kCompleted || !contents.insert(image.sha256).second) continue;
    jobs.push_back(context.service.encodings->job_for(image, JobPriority::kBackground, "batch"));
  }
  const Result<std::string> batch = context.service.queue->enqueue_batch(jobs, request.deadline());
  if (!batch) return queue_problem(context, batch.error(), request.deadline());
  const std::string id =
      text_of({.queue_id = *batch, .without_job = static_cast<std::int64_t>(images->size() - jobs.size())});
  written = {.action = "batch.create", .subject = id, .detail = std::to_string(images->size()) + " images"};
  HttpResponse response = HttpResponse::json(202, R"({"job_id":")" + id + R"(","status":"started"})");
  response.headers.set("Location", "/api/v1/jobs/" + id);
  return response;
}

Answer get_job(ApiContext& context, HttpRequest& request) {
  const std::string_view text = request.path_parameter("id");
  const std::optional<BatchId> id = parse_batch_id(text);
  if (!id) return no_such_job(text);
  const Result<std::optional<BatchProgress>> found = context.service.queue->progress(id->queue_id, request.deadline());
  if (!found) return found.error();
  if (!*found) return no_such_job(text);
  const BatchProgress& progress = **found;
  std::string json = R"({"id":)";
  append_json_text(json, text);
  json += R"(,"status":)";
  append_json_text(json, batch_status_name(progress.status));
  json += ",\"done\":" + std::to_string(progress.done + id->without_job) +
          ",\"failed\":" + std::to_string(progress.failed) + ",\"cancelled\":" + std::to_string(progress.cancelled) +
          ",\"total\":" + std::to_string(progress.total + id->without_job) + R"(,"error":)";
  if (progress.error.empty()) {
    json += "null";
  } else {
    append_json_text(json, progress.error);
  }
  HttpResponse response = HttpResponse::json(200, json + '}');
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

Answer cancel_job(ApiContext& context, HttpRequest& request, Written& written) {
  const std::string_view text = request.path_parameter("id");
  const std::optional<BatchId> id = parse_batch_id(text);
  if (!id) return no_such_job(text);
  const Result<std::optional<std::int64_t>> cancelled = context.service.queue->cancel(id->queue_id, request.deadline());
  if (!cancelled) return cancelled.error();
  if (!*cancelled) return no_such_job(text);
  written = {.action = "batch.cancel",
             .subject = std::string(text),
             .detail = std::to_string(**cancelled) + " jobs cancelled"};
  return HttpResponse::no_content();
}

}  // namespace samcache

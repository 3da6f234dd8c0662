// POST /images/{id}/encode: ahead of the queue, and once more after a failure.
#include <memory>
#include <string>

#include "api/audit.h"
#include "api/handlers.h"
#include "api/json/encoding_json.h"
#include "api/json/json_text.h"
#include "api/wait_for_encode.h"
#include "base/clock.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

HttpResponse encoded_answer(const ApiContext& context, const ImageRecord& image, const EncodingSummary& summary,
                            double latency_ms) {
  const std::uint64_t size_bytes = total_bytes(summary);
  std::string text = R"({"status":"encoded","encoding_id":)";
  append_json_text(text, context.service.encodings->encoding_id(image));
  text += ",\"size_mb\":" + megabytes_json(size_bytes) + ",\"size_bytes\":" + std::to_string(size_bytes) +
          ",\"latency_ms\":" + nlohmann::json(latency_ms).dump() + '}';
  return HttpResponse::json(200, text);
}

HttpResponse encoded_answer(const ApiContext& context, const ImageRecord& image, Deadline deadline, double latency_ms) {
  const Result<EncodingSummary> summary = context.service.encodings->summary(image, deadline);
  if (!summary) return http::problem(summary.error());
  return encoded_answer(context, image, *summary, latency_ms);
}

}  // namespace

void encode_image(ApiContext& context, const std::shared_ptr<HttpRequest>& request, http::Responder responder) {
  const Stopwatch stopwatch;
  const Result<bool> wait = query_flag(*request, "wait", false);
  if (!wait) return responder.answer(http::problem(wait.error()));
  const Result<ImageRecord> image = requested_image(context, *request);
  if (!image) return responder.answer(http::problem(image.error()));
  const Result<EncodingSummary> summary = context.service.encodings->summary(*image, request->deadline());
  if (!summary) return responder.answer(http::problem(summary.error()));
  if (image->encoding_status == EncodingStatus::kCompleted && !summary->pieces.empty()) {
    return responder.answer(encoded_answer(context, *image, *summary, stopwatch.elapsed_ms()));
  }
  record_write(context, *request, {.action = "image.encode", .subject = image->id});
  // A failed one is tried again, and one whose encoding was lost is made anew.
  const bool again =
      image->encoding_status == EncodingStatus::kFailed || image->encoding_status == EncodingStatus::kCompleted;
  if (*wait) {
    return answer_when_encoded(context, {.request = request, .image = *image, .again = again}, std::move(responder),
                               [&context, request, image = *image](double waited_ms) {
                                 return encoded_answer(context, image, request->deadline(), waited_ms);
                               });
  }
  const Status queued = context.service.encodings->request_encode(*image, JobPriority::kInteractive, "asked for", again,
                                                                  request->deadline());
  if (!queued) return responder.answer(queue_problem(context, queued.error(), request->deadline()));
  responder.answer(HttpResponse::json(202, R"({"status":"queued"})"));
}

}  // namespace samcache

#include "api/adapters/prompted_image.h"

#include "api/audit.h"
#include "api/wait_for_encode.h"
#include "image/digest.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

// The image with this content, which is added unless it is there.
Result<ImageRecord> known_or_added(ApiContext& context, const PromptedImage& prompted) {
  HttpRequest& request = *prompted.request;
  const std::string project = caller_of(request).project.value_or("");
  const Result<std::string> id = image_id_in_project(project, sha256_hex(prompted.bytes));
  if (!id) return id.error();
  Result<ImageRecord> known = context.service.images->find(*id, request.deadline());
  if (known || known.error().code != ErrorCode::kNotFound) return known;
  Result<UploadedImage> added = context.service.add_image(
      {.project = project, .filename = prompted.filename, .bytes = prompted.bytes}, request.deadline());
  if (!added) return added.error();
  if (!added->existed) {
    record_write(context, request,
                 {.action = "image.create", .subject = added->image.id, .detail = added->image.filename});
  }
  return std::move(added->image);
}

Answer ask_about(ApiContext& context, const ImageRecord& image, Deadline deadline, const AnswerOnImage& answer) {
  return answer(image, [&](const PromptRequest& prompt, const MaskSink& sink) -> Status {
    const Result<PromptAnswer> answered =
        context.service.prompts->answer(image, prompt, {.make = false, .deadline = deadline}, sink);
    if (!answered) return answered.error();
    context.metrics.on_prompt(prompt, *answered);
    return {};
  });
}

}  // namespace

void answer_on_image(ApiContext& context, const PromptedImage& prompted, http::Responder responder,
                     AnswerOnImage answer) {
  const Result<ImageRecord> image = known_or_added(context, prompted);
  if (!image) return responder.answer(prompted.form(image.error()));
  const Deadline deadline = prompted.request->deadline();
  Answer at_once = ask_about(context, *image, deadline, answer);
  if (at_once) return responder.answer(std::move(*at_once));
  if (at_once.error().code != ErrorCode::kNotFound) return responder.answer(prompted.form(at_once.error()));
  const bool again =
      image->encoding_status == EncodingStatus::kFailed || image->encoding_status == EncodingStatus::kCompleted;
  answer_when_encoded(context, {.request = prompted.request, .image = *image, .again = again}, std::move(responder),
                      [&context, image = *image, form = prompted.form, deadline, answer = std::move(answer)](double) {
                        Answer late = ask_about(context, image, deadline, answer);
                        return late ? std::move(*late) : form(late.error());
                      });
}

}  // namespace samcache

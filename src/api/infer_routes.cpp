// Prompts: over HTTP one at a time, over a WebSocket as a session.
#include <memory>
#include <string>

#include "api/handlers.h"
#include "api/infer_answer.h"
#include "api/json/infer_body.h"
#include "api/wait_for_encode.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

// One request, parsed.
struct Infer {
  std::shared_ptr<HttpRequest> request;
  ImageRecord image;
  InferBody body;
};

Result<Infer> parse_infer(ApiContext& context, const std::shared_ptr<HttpRequest>& request) {
  Result<ImageRecord> image = requested_image(context, *request);
  if (!image) return image.error();
  Result<InferBody> body = parse_infer_body(request->body(), {.width = static_cast<int>(image->width),
                                                              .height = static_cast<int>(image->height),
                                                              .logits_side = context.service.prompts->logits_side()});
  if (!body) return body.error();
  return Infer{request, std::move(*image), std::move(*body)};
}

// `waited_ms`: for the encode that this prompt needed; 0: none.
Answer answer_prompt(ApiContext& context, const Infer& infer, double waited_ms) {
  InferAnswer written(infer.image.id, infer.body, context.masks, context.options.max_answer_bytes);
  const PromptWish wish{.make = false,
                        .masks = infer.body.mask_form != MaskAnswerForm::kNone || infer.body.return_logits,
                        .deadline = infer.request->deadline()};
  Result<PromptAnswer> answer = context.service.prompts->answer(
      infer.image, infer.body.request, wish,
      [&](const AnsweredMask& found, const BinaryMask& mask) { return written.add(found, mask); });
  if (!answer) return answer.error();
  if (waited_ms > 0) {
    answer->timing.load_ms += waited_ms;
    answer->cache = "encoded";
  }
  context.metrics.on_prompt(infer.body.request, *answer);
  return HttpResponse::json(200, written.finish(*answer));
}

HttpResponse prompt_problem(const Error& error) {
  // What the model cannot do is no matter of the body's media type.
  return http::problem(error.code == ErrorCode::kUnsupported ? Error{ErrorCode::kInvalidArgument, error.message}
                                                             : error);
}

}  // namespace

void infer(ApiContext& context, const std::shared_ptr<HttpRequest>& request, http::Responder responder) {
  const Result<bool> wait = query_flag(*request, "wait", true);
  if (!wait) return responder.answer(http::problem(wait.error()));
  Result<Infer> parsed = parse_infer(context, request);
  if (!parsed) return responder.answer(http::problem(parsed.error()));
  Answer answer = answer_prompt(context, *parsed, 0);
  if (answer) return responder.answer(std::move(*answer));
  if (answer.error().code != ErrorCode::kNotFound) return responder.answer(prompt_problem(answer.error()));
  if (!*wait) {
    return responder.answer(http::problem(409, "the image is not encoded yet: wait for it, or leave out wait=false"));
  }
  const bool again = parsed->image.encoding_status == EncodingStatus::kFailed ||
                     parsed->image.encoding_status == EncodingStatus::kCompleted;
  EncodeWait encode{.request = request, .image = parsed->image, .again = again};  // before `parsed` is moved away
  answer_when_encoded(context, std::move(encode), std::move(responder),
                      [&context, infer = std::move(*parsed)](double waited_ms) {
                        Answer late = answer_prompt(context, infer, waited_ms);
                        return late ? std::move(*late) : prompt_problem(late.error());
                      });
}

Answer get_mask(ApiContext& context, HttpRequest& request) {
  SharedBytes png = context.masks.find(std::string(request.path_parameter("id")));
  if (png.empty()) return Error{ErrorCode::kNotFound, "there is no such mask, or no more: ask for it again"};
  HttpResponse response = HttpResponse::bytes("image/png", std::move(png));
  response.headers.set("Cache-Control", "private, max-age=600, immutable");
  return response;
}

Socket open_session(ApiContext& context, HttpRequest& request) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return http::problem(image.error());
  return context.sessions.open(*image);
}

}  // namespace samcache

// Label Studio's ML backend: https://labelstud.io/guide/ml_create
#include "api/adapters/adapter_handlers.h"
#include "api/adapters/label_studio_answer.h"
#include "api/json/json_text.h"
#include "api/json/strict_json.h"

namespace samcache {
namespace {

using http::HttpResponse;

std::string model_version(const ApiContext& context) {
  constexpr std::size_t kEnough = 12;  // to tell fingerprints apart by eye
  const EngineInfo& info = context.service.model->info();
  const std::string& fingerprint = info.fingerprint;
  return info.model + '-' + fingerprint.substr(fingerprint.find(':') + 1, kEnough);
}

std::string version_json(const ApiContext& context) {
  std::string text = R"({"model_version":)";
  append_json_text(text, model_version(context));
  return text + '}';
}

Answer predict(ApiContext& api, const LabelStudioRequest& request, const ImageRecord& image, const Ask& ask) {
  std::string text;
  const InteractiveQuery query{
      .prompt = prompt_in_pixels(*request.prompt, static_cast<int>(image.width), static_cast<int>(image.height))};
  const Status asked = ask(query, [&](const AnsweredMask& found, const BinaryMask& mask) -> Status {
    text = label_studio_prediction(request, mask, found.score, model_version(api));
    return {};
  });
  if (!asked) return asked.error();
  return HttpResponse::json(200, std::move(text));
}

}  // namespace

void label_studio_health(AdapterContext&, const SharedRequest&, http::Responder responder) {
  responder.answer(HttpResponse::json(200, R"({"status":"UP","model_class":"samcache"})"));
}

void label_studio_setup(AdapterContext& context, const SharedRequest& request, http::Responder responder) {
  const Result<nlohmann::json> body = parse_json(request->body());
  responder.answer(body ? HttpResponse::json(200, version_json(context.api)) : http::problem(body.error()));
}

void label_studio_predict(AdapterContext& context, const SharedRequest& request, http::Responder responder) {
  Result<LabelStudioRequest> parsed =
      parse_label_studio_request(request->body(), context.api.options.adapters.max_body_bytes);
  if (!parsed) return responder.answer(http::problem(parsed.error()));
  if (!parsed->prompt) return responder.answer(HttpResponse::json(200, label_studio_no_prediction()));
  Result<FetchedImage> fetched =
      context.fetcher.fetch(parsed->prompt->image, parsed->prompt->task_id, request->deadline());
  if (!fetched) return responder.answer(http::problem(fetched.error()));
  parsed->prompt->image = {};  // which may be the picture itself
  answer_on_image(context.api,
                  {.request = request, .bytes = std::move(fetched->bytes), .filename = std::move(fetched->filename)},
                  std::move(responder),
                  [&api = context.api, parsed = std::move(*parsed)](const ImageRecord& image, const Ask& ask) {
                    return predict(api, parsed, image, ask);
                  });
}

void label_studio_train(AdapterContext&, const SharedRequest&, http::Responder responder) {
  responder.answer(HttpResponse::json(200, R"({"status":"ok"})"));
}

void label_studio_webhook(AdapterContext&, const SharedRequest&, http::Responder responder) {
  responder.answer(HttpResponse::json(201, R"({"result":{},"status":"ok"})"));
}

}  // namespace samcache

// Part of the dashboard of nuclio, the serverless platform that CVAT asks for its AI tools: a single interactor.
#include "api/adapters/adapter_handlers.h"
#include "api/adapters/cvat_request.h"
#include "base/text.h"

namespace samcache {
namespace {

using http::HttpResponse;

HttpResponse no_such_function(std::string_view name) {
  return http::problem(Error{ErrorCode::kNotFound, "there is no function " + in_quotes(name)});
}

Answer invoke(const CvatRequest& request, const ImageRecord& image, const Ask& ask) {
  std::string text;
  const InteractiveQuery query{
      .prompt = prompt_in_picture(request, static_cast<int>(image.width), static_cast<int>(image.height))};
  const Status asked = ask(query, [&](const AnsweredMask&, const BinaryMask& mask) -> Status {
    text = cvat_mask_json(mask);
    return {};
  });
  if (!asked) return asked.error();
  return HttpResponse::json(200, std::move(text));
}

}  // namespace

void cvat_functions(AdapterContext&, const SharedRequest&, http::Responder responder) {
  responder.answer(HttpResponse::json(200, std::string("{\"") + kCvatFunction + "\":" + cvat_function_json() + '}'));
}

void cvat_function(AdapterContext&, const SharedRequest& request, http::Responder responder) {
  const std::string_view name = request->path_parameter("name");
  responder.answer(name == kCvatFunction ? HttpResponse::json(200, cvat_function_json()) : no_such_function(name));
}

void cvat_invoke(AdapterContext& context, const SharedRequest& request, http::Responder responder) {
  const std::string_view name = request->header("x-nuclio-function-name").value_or(kCvatFunction);
  if (name != kCvatFunction) return responder.answer(no_such_function(name));
  Result<CvatRequest> parsed = parse_cvat_request(request->body(), context.api.options.adapters.max_body_bytes);
  if (!parsed) return responder.answer(http::problem(parsed.error()));
  const PromptedImage image{.request = request, .bytes = std::exchange(parsed->image, {}), .filename = "image"};
  answer_on_image(
      context.api, image, std::move(responder),
      [parsed = std::move(*parsed)](const ImageRecord& record, const Ask& ask) { return invoke(parsed, record, ask); });
}

}  // namespace samcache

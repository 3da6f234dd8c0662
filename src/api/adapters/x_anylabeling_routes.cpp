// The server that X-AnyLabeling calls "Remote-Server": https://github.com/CVHub520/X-AnyLabeling-Server
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/adapters/adapter_handlers.h"
#include "api/adapters/mask_rings.h"
#include "api/adapters/x_anylabeling_request.h"
#include "api/json/image_json.h"

namespace samcache {
namespace {

using http::HttpResponse;
using Json = nlohmann::ordered_json;

const char* code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "MODEL_NOT_FOUND";
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported: return "INVALID_IMAGE";
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kTooLarge: return "INVALID_REQUEST";
    default: return "INFERENCE_ERROR";
  }
}

// {"success": false, "error": {"code", "message"}}, with the status that the same error has elsewhere.
HttpResponse failure(const Error& error) {
  HttpResponse response = http::problem(error);
  const bool inside = error.code == ErrorCode::kIo;  // its message stays inside
  const Json body = {
      {"success", false},
      {"error", {{"code", code_of(error.code)}, {"message", inside ? "the server failed" : error.message}}}};
  HttpResponse tools = HttpResponse::json(response.status, body.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (const auto retry = response.headers.find("Retry-After")) tools.headers.set("Retry-After", *retry);
  return tools;
}

HttpResponse success(const std::string& data) {
  return HttpResponse::json(200, R"({"success":true,"data":)" + data + '}');
}

Json shape(const std::string& label, const char* type, Json points, float score) {
  return {
      {"label", label}, {"shape_type", type}, {"points", std::move(points)}, {"score", std::clamp(score, 0.F, 1.F)}};
}

// Adds the shapes of answers one by one. Pieces of one object have the same group.
class Shapes {
 public:
  explicit Shapes(const XAnyLabelingRequest& request) : request_(request) {}

  void add(const std::string& label, const AnsweredMask& found, const BinaryMask& mask) {
    const auto rings = request_.polygons ? rings_of_mask(mask, request_.fineness) : decltype(rings_of_mask(mask, 0)){};
    if (rings.size() > 1) ++groups_;
    for (auto ring : rings) {
      ring.push_back(ring.front());  // the tool closes polygons so
      Json polygon = shape(label, "polygon", ring, found.score);
      if (rings.size() > 1) polygon["group_id"] = groups_;
      shapes_.push_back(std::move(polygon));
    }
    if (request_.rectangles) {
      const auto& [x0, y0, x1, y1] = found.box;
      shapes_.push_back(shape(label, "rectangle", {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}, found.score));
    }
  }

  // An object is added to what is there already; instances of concepts replace it, as the tool's user chose.
  std::string finish() && {
    Json data = {{"shapes", std::move(shapes_)}, {"description", ""}};
    if (request_.model == XAnyLabelingModel::kObject) data["replace"] = false;
    return data.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

 private:
  const XAnyLabelingRequest& request_;
  Json shapes_ = Json::array();
  int groups_ = 0;
};

Answer predict(const XAnyLabelingRequest& request, const ImageRecord& image, const Ask& ask) {
  Shapes shapes(request);
  for (const LabelledPrompt& prompt :
       prompts_of(request, static_cast<int>(image.width), static_cast<int>(image.height))) {
    const Status asked = ask(prompt.prompt, [&](const AnsweredMask& found, const BinaryMask& mask) -> Status {
      shapes.add(prompt.label, found, mask);
      return {};
    });
    if (!asked) return asked.error();
  }
  return success(std::move(shapes).finish());
}

}  // namespace

void x_anylabeling_health(AdapterContext&, const SharedRequest&, http::Responder responder) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  responder.answer(HttpResponse::json(
      200, R"({"status":"healthy","models_loaded":2,"timestamp":)" + time_json(now.time_since_epoch().count()) + '}'));
}

void x_anylabeling_models(AdapterContext&, const SharedRequest&, http::Responder responder) {
  responder.answer(success(x_anylabeling_models_json()));
}

void x_anylabeling_model(AdapterContext&, const SharedRequest& request, http::Responder responder) {
  const Result<std::string> model = x_anylabeling_model_json(request->path_parameter("id"));
  responder.answer(model ? success(*model) : failure(model.error()));
}

void x_anylabeling_predict(AdapterContext& context, const SharedRequest& request, http::Responder responder) {
  Result<XAnyLabelingRequest> parsed =
      parse_x_anylabeling_request(request->body(), context.api.options.adapters.max_body_bytes);
  if (!parsed) return responder.answer(failure(parsed.error()));
  if (prompts_of(*parsed, 1, 1).empty()) return responder.answer(success(Shapes(*parsed).finish()));
  const PromptedImage image{
      .request = request, .bytes = std::exchange(parsed->image, {}), .filename = "image", .form = failure};
  answer_on_image(context.api, image, std::move(responder),
                  [parsed = std::move(*parsed)](const ImageRecord& record, const Ask& ask) {
                    return predict(parsed, record, ask);
                  });
}

}  // namespace samcache

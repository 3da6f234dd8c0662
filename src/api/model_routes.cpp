// The model: what it is, and its parts as ONNX for browsers.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "api/handlers.h"
#include "base/text.h"
#include "model/preprocess.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;
using Json = nlohmann::ordered_json;

constexpr int kRetryExport_s = 10;
// A part's URL without a version stays the same when another model is loaded: such an answer may not live for long.
constexpr const char* kShortCaching = ", max-age=300, immutable";

std::string device_name(const Device& device) {
  return device.kind == Device::Kind::kCpu ? "cpu" : "cuda:" + std::to_string(device.index);
}

// When one mask gives way to the best of the alternatives, for clients that decode themselves.
Json stability_of(const MaskDecoderConfig& config) {
  return {{"fallback", config.stability_fallback},
          {"delta", config.stability_delta},
          {"threshold", config.stability_threshold}};
}

// Changes when the model does.
std::string version_of(const EngineInfo& info) { return info.fingerprint.substr(0, 16); }

Result<http::FileRange> open_file(const std::filesystem::path& path) {
  auto file = std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file->is_open()) return errno_error("open " + path.string(), errno);
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return errno_error("look at " + path.string(), errno);
  return http::FileRange{.file = std::move(file), .size_bytes = static_cast<std::uint64_t>(info.st_size)};
}

}  // namespace

Answer get_model(ApiContext& context, HttpRequest&) {
  const EngineInfo& info = context.service.model->info();
  Json profiles = Json::array();
  for (const Profile profile : context.service.encodings->options().profiles) profiles.push_back(profile_name(profile));
  Json parts = Json::array();
  for (const std::string& part : context.options.onnx_parts) {
    parts.push_back({{"name", part}, {"url", "/api/v1/models/current/" + part + ".onnx?v=" + version_of(info)}});
  }
  const Json answer = {{"name", info.model},
                       {"fingerprint", info.fingerprint},
                       {"preprocess", kPreprocessRevision},
                       {"image_size", info.config.vit.image_size},
                       {"mask_side", context.service.prompts->logits_side()},
                       {"stability", stability_of(info.config.mask_decoder)},
                       {"precision", precision_name(info.precision)},
                       {"device", device_name(info.device)},
                       {"profiles", std::move(profiles)},
                       {"parts", std::move(parts)}};
  HttpResponse response = HttpResponse::json(200, answer.dump(-1, ' ', false, Json::error_handler_t::replace));
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

Answer get_model_part(ApiContext& context, HttpRequest& request) {
  if (!context.options.onnx_file) {
    HttpResponse response = http::problem(503, "this server exports no ONNX");
    response.headers.set("Retry-After", std::to_string(kRetryExport_s));
    return response;
  }
  const std::string_view part = request.path_parameter("part");
  const std::string_view dtype = request.query("dtype").value_or("fp32");
  if (dtype != "fp32" && dtype != "fp16") {
    return Error{ErrorCode::kInvalidArgument, "dtype is " + in_quotes(dtype) + "; it must be fp32 or fp16"};
  }
  const Result<std::filesystem::path> path = context.options.onnx_file(part, dtype);
  if (!path) return path.error();
  Result<http::FileRange> file = open_file(*path);
  if (!file) return file.error();
  const std::string version = version_of(context.service.model->info());
  const std::uint64_t size_bytes = file->size_bytes;
  HttpResponse response = HttpResponse::file("application/octet-stream", std::move(*file));
  response.etag =
      '"' + version + '-' + std::string(part) + '-' + std::string(dtype) + '-' + std::to_string(size_bytes) + '"';
  const bool named = request.query("v") == std::string_view(version);
  response.headers.set("Cache-Control",
                       named ? std::string(immutable_caching(context))
                             : (context.authenticator.is_open() ? "public" : "private") + std::string(kShortCaching));
  return response;
}

}  // namespace samcache

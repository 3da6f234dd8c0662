// Encodings: whether there is one, the file, and one put in from elsewhere.
#include <memory>
#include <optional>
#include <string>

#include "api/encoding_form.h"
#include "api/handlers.h"
#include "api/json/encoding_json.h"
#include "base/text.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

Result<EncodingRequest> encoding_request(const HttpRequest& request) {
  EncodingRequest wanted;
  if (const std::optional<std::string_view> name = request.query("profile")) {
    const Result<Profile> profile = parse_profile(*name);
    if (!profile) return profile.error();
    wanted.profile = *profile;
  }
  if (const std::optional<std::string_view> dtype = request.query("dtype")) {
    if (*dtype == "bf16") {
      wanted.dtype = DType::kBF16;
    } else if (*dtype == "fp16") {
      wanted.dtype = DType::kF16;
    } else if (*dtype == "fp32") {
      wanted.dtype = DType::kF32;
    } else {
      return Error{ErrorCode::kInvalidArgument, "dtype is " + in_quotes(*dtype) + "; it must be bf16, fp16 or fp32"};
    }
  }
  const std::string_view layout = request.query("layout").value_or("samcache");
  if (layout != "samcache" && layout != "seed") {
    return Error{ErrorCode::kInvalidArgument, "layout is " + in_quotes(layout) + "; it must be samcache or seed"};
  }
  wanted.seed_layout = layout == "seed";
  return wanted;
}

Answer encoding_file(ApiContext& context, const HttpRequest& request, const ImageRecord& image) {
  const Result<EncodingRequest> wanted = encoding_request(request);
  if (!wanted) return wanted.error();
  Result<EncodingFile> file = context.service.encodings->file(image, *wanted, request.deadline());
  if (!file) {  // what this model cannot make is no matter of a media type
    const ErrorCode code = file.error().code;
    return Error{code == ErrorCode::kUnsupported ? ErrorCode::kInvalidArgument : code, file.error().message};
  }
  HttpResponse response = HttpResponse::bytes("application/octet-stream", std::move(file->bytes));
  response.etag = '"' + file->etag + '"';
  response.headers.set("Cache-Control", immutable_caching(context));
  response.headers.set("Content-Disposition", http::content_disposition("attachment", file->filename));
  return response;
}

Answer encoding_state(ApiContext& context, const HttpRequest& request, const ImageRecord& image, int status) {
  const Result<EncodingSummary> summary = context.service.encodings->summary(image, request.deadline());
  if (!summary) return summary.error();
  HttpResponse response = HttpResponse::json(status, encoding_state_json(*summary));
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

}  // namespace

Answer get_encoding(ApiContext& context, HttpRequest& request) {
  const Result<bool> download = query_flag(request, "download", false);
  if (!download) return download.error();
  const EncodingForm form = encoding_form(request, *download);
  if (form == EncodingForm::kNone) {
    return http::problem(406, "an encoding is there as application/json (its state) or application/octet-stream");
  }
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  Answer answer = form == EncodingForm::kFile ? encoding_file(context, request, *image)
                                              : encoding_state(context, request, *image, 200);
  if (answer) {
    answer->headers.add_to_list("Vary", "Accept");
    answer->headers.add_to_list("Vary", "Sec-Fetch-Mode");
  }
  return answer;
}

Sink open_encoding(ApiContext& context, HttpRequest& request) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return http::problem(image.error());
  Result<std::unique_ptr<http::TemporaryFile>> file =
      http::TemporaryFile::create(context.options.upload_folder, context.options.max_encoding_bytes);
  if (!file) return http::problem(file.error());
  return std::shared_ptr<http::BodySink>(std::move(*file));
}

Answer put_encoding(ApiContext& context, HttpRequest& request, Written& written) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  const auto& file = static_cast<const http::TemporaryFile&>(*request.sink());  // what open_encoding made
  const Result<SharedBytes> bytes = file.map();
  if (!bytes) return bytes.error();
  const Result<bool> kept = context.service.encodings->put(*image, *bytes, request.deadline());
  if (!kept) {  // its size was in order: a length inside is not
    const ErrorCode code = kept.error().code;
    return Error{code == ErrorCode::kTooLarge ? ErrorCode::kCorrupt : code, kept.error().message};
  }
  if (*kept) {
    written = {.action = "encoding.put", .subject = image->id, .detail = "sha256 " + file.sha256()};
  }
  return encoding_state(context, request, *image, *kept ? 201 : 200);
}

}  // namespace samcache

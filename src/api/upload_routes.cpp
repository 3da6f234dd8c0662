// An image comes in as a form. Its file went to a nameless temporary file while it arrived; here it is looked into,
// kept and queued.
#include <string>

#include "api/handlers.h"
#include "api/json/image_json.h"
#include "base/text.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

Error bad_form(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

// The one file of the form.
Result<http::FormFile*> file_of(http::MultipartForm& form) {
  if (form.files.empty()) return bad_form("the form has no file: send the image as the file \"file\"");
  if (form.files.size() > 1) return bad_form("the form has several files: send one image a request");
  if (form.files.front().name != "file") {
    return bad_form("the form's file is called " + in_quotes(form.files.front().name) + "; it must be \"file\"");
  }
  return &form.files.front();
}

// From the form or the query; nothing: not said.
Result<std::optional<std::string_view>> project_of(const HttpRequest& request) {
  std::optional<std::string_view> project = request.query("project");
  for (const http::FormField& field : request.form()->fields) {
    if (field.name != "project") {
      return bad_form("the form has a field " + in_quotes(field.name) + "; known are \"file\" and \"project\"");
    }
    if (project && *project != field.value) return bad_form("two different projects are named");
    project = field.value;
  }
  return project;
}

}  // namespace

Answer upload_image(ApiContext& context, HttpRequest& request, Written& written) {
  const Result<http::FormFile*> file = file_of(*request.form());
  if (!file) return file.error();
  const Result<std::optional<std::string_view>> asked = project_of(request);
  if (!asked) return asked.error();
  const ChosenProject chosen = choose_project(caller_of(request), *asked);
  if (chosen.forbidden) return forbidden_project();
  Result<SharedBytes> bytes = (*file)->content->map();
  if (!bytes) return bytes.error();
  const Result<UploadedImage> added = context.service.add_image(
      {.project = chosen.project.value_or(""), .filename = (*file)->file_name, .bytes = std::move(*bytes)},
      request.deadline());
  if (!added) return queue_problem(context, added.error(), request.deadline());
  const ImageRecord& image = added->image;
  if (!added->existed) written = {.action = "image.create", .subject = image.id, .detail = image.filename};
  HttpResponse response = HttpResponse::json(
      201, open_image_json(image) + (added->existed ? R"(,"existing":true})" : R"(,"existing":false})"));
  response.headers.set("Location", "/api/v1/images/" + image.id);
  return response;
}

}  // namespace samcache

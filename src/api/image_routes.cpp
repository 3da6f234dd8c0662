// Images: listed, looked at, removed.
#include <optional>
#include <string>
#include <vector>

#include "api/handlers.h"
#include "api/json/image_json.h"
#include "api/json/json_text.h"
#include "base/text.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

constexpr int kDefaultPage = 100;
constexpr int kSmallestThumbnail = 16;
constexpr int kLargestThumbnail = 1024;
constexpr int kDefaultThumbnail = 256;

HttpResponse image_list(const std::vector<ImageRecord>& images, const Caller& caller, const std::string& next_cursor) {
  std::string text = R"({"images":[)";
  bool first = true;
  for (const ImageRecord& image : images) {
    if (!caller.sees(image.project)) continue;
    if (!first) text += ',';
    first = false;
    text += image_json(image);
  }
  text += R"(],"next_cursor":)";
  if (next_cursor.empty()) {
    text += "null";
  } else {
    append_json_text(text, next_cursor);
  }
  return HttpResponse::json(200, text + '}');
}

Answer images_by_id(ApiContext& context, const HttpRequest& request) {
  std::vector<std::string> ids;
  for (std::string_view list : request.query_all("ids")) {
    while (!list.empty()) {
      const std::string_view id = list.substr(0, list.find(','));
      list.remove_prefix(std::min(list.size(), id.size() + 1));
      if (is_image_id(id)) ids.emplace_back(id);
      if (ids.size() > context.options.max_images_asked) {
        return Error{ErrorCode::kInvalidArgument, "ids names more than " +
                                                      std::to_string(context.options.max_images_asked) +
                                                      " images: ask for fewer at a time"};
      }
    }
  }
  const Result<std::vector<ImageRecord>> images = context.service.catalog->images(ids, request.deadline());
  if (!images) return images.error();
  return image_list(*images, caller_of(request), {});
}

}  // namespace

Answer list_images(ApiContext& context, HttpRequest& request) {
  if (request.query("ids")) return images_by_id(context, request);
  ChosenProject chosen = choose_project(caller_of(request), request.query("project"));
  if (chosen.forbidden) return forbidden_project();
  ImageFilter filter{.project = std::move(chosen.project)};
  if (const std::optional<std::string_view> status = request.query("status")) {
    filter.status = parse_encoding_status(*status);
    if (!filter.status) {
      return Error{ErrorCode::kInvalidArgument,
                   "status is " + in_quotes(*status) + "; it must be pending, processing, completed or failed"};
    }
  }
  const Result<int> limit = query_number(request, "limit", kDefaultPage, 1, static_cast<int>(kMaxPageSize));
  if (!limit) return limit.error();
  const Result<ImagePage> page = context.service.catalog->list_images(
      filter, *limit, std::string(request.query("cursor").value_or("")), request.deadline());
  if (!page) return page.error();
  return image_list(page->images, caller_of(request), page->next_cursor);
}

std::optional<HttpResponse> get_image_at_once(ApiContext& context, HttpRequest& request) {
  const auto image = context.service.images->find_cached(std::string(request.path_parameter("id")));
  if (image == nullptr || !caller_of(request).sees(image->project)) return std::nullopt;
  return HttpResponse::json(200, image_json(*image));
}

Answer get_image(ApiContext& context, HttpRequest& request) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  return HttpResponse::json(200, image_json(*image));
}

Answer get_content(ApiContext& context, HttpRequest& request) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  Result<SharedBytes> bytes = context.service.images->content(*image, request.deadline());
  if (!bytes) return bytes.error();
  HttpResponse response = HttpResponse::bytes(image->media_type, std::move(*bytes));
  response.etag = '"' + image->sha256 + '"';
  response.headers.set("Cache-Control", immutable_caching(context));
  // Whatever it is, it must never act as a page of this server.
  response.headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  response.headers.set("Content-Disposition", http::content_disposition("inline", image->filename));
  return response;
}

Answer get_thumbnail(ApiContext& context, HttpRequest& request) {
  const Result<int> size = query_number(request, "size", kDefaultThumbnail, kSmallestThumbnail, kLargestThumbnail);
  if (!size) return size.error();
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  const std::string etag = '"' + image->sha256 + '-' + std::to_string(*size) + '"';
  if (std::optional<HttpResponse> unchanged = http::if_not_modified(request, etag)) return std::move(*unchanged);
  Result<SharedBytes> picture = context.service.images->thumbnail(*image, *size, request.deadline());
  if (!picture) return picture.error();
  HttpResponse response = HttpResponse::bytes("image/webp", std::move(*picture));
  response.etag = etag;
  response.headers.set("Cache-Control", immutable_caching(context));
  return response;
}

Answer delete_image(ApiContext& context, HttpRequest& request, Written& written) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  if (Status removed = context.service.remove_image(image->id, request.deadline()); !removed) return removed.error();
  written = {.action = "image.delete", .subject = image->id, .detail = image->filename};
  return HttpResponse::no_content();
}

Answer list_projects(ApiContext& context, HttpRequest& request) {
  const Result<std::vector<ProjectSummary>> projects = context.service.catalog->projects(request.deadline());
  if (!projects) return projects.error();
  std::string text = R"({"projects":[)";
  bool first = true;
  for (const ProjectSummary& project : *projects) {
    if (!caller_of(request).sees(project.project)) continue;
    text += first ? R"({"name":)" : R"(,{"name":)";
    first = false;
    append_json_text(text, project.project);
    text += ",\"images\":" + std::to_string(project.images()) + ",\"pending\":" + std::to_string(project.pending) +
            ",\"processing\":" + std::to_string(project.processing) +
            ",\"completed\":" + std::to_string(project.completed) + ",\"failed\":" + std::to_string(project.failed) +
            ",\"last_upload\":" + time_json(project.last_upload_ms) + '}';
  }
  return HttpResponse::json(200, text + "]}");
}

}  // namespace samcache

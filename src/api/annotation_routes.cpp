// What people drew on an image, as one JSON document with a revision, so that two who work on it at once cannot undo
// each other's work unseen.
#include <charconv>
#include <optional>
#include <string>

#include "api/handlers.h"
#include "base/text.h"
#include "catalog/annotations.h"

namespace samcache {
namespace {

using http::HttpRequest;
using http::HttpResponse;

std::string etag_of(std::int64_t revision) { return '"' + std::to_string(revision) + '"'; }

// "\"3\"" -> 3
std::optional<std::int64_t> revision_of(std::string_view etag) {
  if (etag.size() < 3 || etag.front() != '"' || etag.back() != '"') return std::nullopt;
  const std::string_view digits = etag.substr(1, etag.size() - 2);
  std::int64_t revision = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), revision);
  if (error != std::errc() || end != digits.data() + digits.size() || revision < 0) return std::nullopt;
  return revision;
}

}  // namespace

Answer get_annotations(ApiContext& context, HttpRequest& request) {
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  Result<std::optional<AnnotationDocument>> found =
      context.service.catalog->annotations().load(image->id, request.deadline());
  if (!found) return found.error();
  AnnotationDocument document = found->value_or(AnnotationDocument{.document = "{}"});
  HttpResponse response = HttpResponse::json(200, std::move(document.document));
  response.etag = etag_of(document.revision);
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

Answer put_annotations(ApiContext& context, HttpRequest& request, Written& written) {
  const std::optional<std::string_view> if_match = request.header("If-Match");
  if (!if_match) {
    return http::problem(428, "say which revision this one follows: If-Match with the ETag that was read");
  }
  const std::optional<std::int64_t> expected = revision_of(*if_match);
  if (!expected) {
    return Error{ErrorCode::kInvalidArgument,
                 "If-Match is " + in_quotes(*if_match) + "; it must be an ETag like \"3\""};
  }
  const Result<ImageRecord> image = requested_image(context, request);
  if (!image) return image.error();
  const Result<SavedAnnotations> saved = context.service.catalog->annotations().save(
      image->id, std::string(request.body()), *expected, request.deadline());
  if (!saved) return saved.error();
  const std::string revision = std::to_string(saved->revision);
  if (saved->conflict) {
    HttpResponse conflict =
        http::problem(412, "somebody saved revision " + revision + " meanwhile: read it and try again",
                      {{.name = "revision", .json = revision}});
    conflict.headers.set("ETag", etag_of(saved->revision));
    return conflict;
  }
  written = {.action = "annotations.save", .subject = image->id, .detail = "revision " + revision};
  HttpResponse response = HttpResponse::json(200, "{\"revision\":" + revision + '}');
  response.headers.set("ETag", etag_of(saved->revision));
  return response;
}

}  // namespace samcache

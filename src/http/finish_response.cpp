#include "http/finish_response.h"

#include "http/byte_range.h"
#include "http/content_coding.h"
#include "http/entity_tag.h"

namespace samcache::http {
namespace {

bool is_read(const HttpRequest& request) { return request.method() == "GET" || request.method() == "HEAD"; }

bool answers_not_modified(const HttpRequest& request, const HttpResponse& response) {
  if (response.etag.empty() || response.status != 200 || !is_read(request)) return false;
  const auto asked = request.header("If-None-Match");
  return asked && any_tag_matches(*asked, response.etag, TagComparison::kWeak);
}

void make_not_modified(HttpResponse& response) {
  response.status = 304;
  response.body = std::string();
  response.headers.remove("Content-Type");
  response.headers.remove("Content-Disposition");
}

void cut_to_range(const HttpRequest& request, HttpResponse& response) {
  auto* bytes = std::get_if<SharedBytes>(&response.body);
  auto* file = std::get_if<FileRange>(&response.body);
  if (response.status != 200 || !is_read(request) || (bytes == nullptr && file == nullptr)) return;
  response.headers.set("Accept-Ranges", "bytes");
  const auto asked = request.header("Range");
  if (!asked || request.method() == "HEAD") return;
  const auto condition = request.header("If-Range");
  if (condition && (response.etag.empty() || !any_tag_matches(*condition, response.etag, TagComparison::kStrong)))
    return;

  const std::uint64_t size = response.body_size();
  const auto parsed = parse_range(*asked, size);
  if (std::holds_alternative<RangeNotSatisfiable>(parsed)) {
    response =
        problem(416, "the range " + std::string(*asked) + " is outside of the " + std::to_string(size) + " bytes");
    response.headers.set("Content-Range", "bytes */" + std::to_string(size));
  } else if (const auto* range = std::get_if<ByteRange>(&parsed)) {
    if (bytes != nullptr) {
      *bytes = bytes->slice(range->offset, range->size_bytes);
    } else {
      file->offset += range->offset;
      file->size_bytes = range->size_bytes;
    }
    response.status = 206;
    response.headers.set("Content-Range", "bytes " + std::to_string(range->offset) + "-" +
                                              std::to_string(range->offset + range->size_bytes - 1) + "/" +
                                              std::to_string(size));
  }
}

void compress_text(const HttpRequest& request, std::size_t compress_from_bytes, HttpResponse& response) {
  auto* text = std::get_if<std::string>(&response.body);
  if (text == nullptr || text->size() < compress_from_bytes || response.headers.find("Content-Encoding")) return;
  const auto type = response.headers.find("Content-Type");
  if (!type || !is_compressible(*type)) return;
  response.headers.add_to_list("Vary", "Accept-Encoding");
  const ContentCoding coding = choose_coding(request.header("Accept-Encoding").value_or(""));
  if (coding == ContentCoding::kIdentity) return;
  std::string smaller = compress(coding, *text);
  if (smaller.size() >= text->size()) return;
  *text = std::move(smaller);
  response.headers.set("Content-Encoding", coding_name(coding));
  // Other bytes than the tag was made for, though they mean the same.
  if (response.etag.starts_with('"')) response.etag.insert(0, "W/");
}

}  // namespace

void finish_response(const HttpRequest& request, std::size_t compress_from_bytes, HttpResponse& response) {
  if (answers_not_modified(request, response)) {
    make_not_modified(response);
  } else {
    cut_to_range(request, response);
    compress_text(request, compress_from_bytes, response);
  }
}

}  // namespace samcache::http

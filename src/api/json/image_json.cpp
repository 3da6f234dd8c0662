#include "api/json/image_json.h"

#include <chrono>

#include "api/json/json_text.h"
#include "base/clock.h"

namespace samcache {
namespace {

void append_text(std::string& out, std::string_view name_and_colon, std::string_view value) {
  out += name_and_colon;
  append_json_text(out, value);
}

void append_number(std::string& out, std::string_view name_and_colon, std::int64_t value) {
  out += name_and_colon;
  out += std::to_string(value);
}

void append_status(std::string& out, const ImageRecord& image) {
  append_text(out, R"(,"encoding_status":)", encoding_status_name(image.encoding_status));
  if (image.encoding_status == EncodingStatus::kFailed) {
    append_text(out, R"(,"encoding_error":)", image.encoding_error);
  } else {
    out += R"(,"encoding_error":null)";
  }
  out += R"(,"encoded_at":)";
  out += time_json(image.encoded_at_ms);
}

}  // namespace

std::string time_json(std::optional<std::int64_t> milliseconds_since_1970) {
  if (!milliseconds_since_1970) return "null";
  const std::chrono::system_clock::time_point time{std::chrono::milliseconds(*milliseconds_since_1970)};
  return '"' + rfc3339(time) + '"';
}

std::string open_image_json(const ImageRecord& image) {
  std::string out;
  out.reserve(512);
  append_text(out, R"({"id":)", image.id);
  append_text(out, R"(,"project":)", image.project);
  append_text(out, R"(,"filename":)", image.filename);
  append_text(out, R"(,"media_type":)", image.media_type);
  append_number(out, R"(,"width":)", image.width);
  append_number(out, R"(,"height":)", image.height);
  append_number(out, R"(,"size_bytes":)", image.size_bytes);
  append_text(out, R"(,"sha256":)", image.sha256);
  append_status(out, image);
  out += R"(,"created_at":)";
  out += time_json(image.created_at_ms);
  return out;
}

std::string image_json(const ImageRecord& image) { return open_image_json(image) + '}'; }

std::string image_status_json(const ImageRecord& image) {
  std::string out;
  append_text(out, R"({"id":)", image.id);
  append_text(out, R"(,"project":)", image.project);
  append_status(out, image);
  return out + '}';
}

std::string removed_image_json(const ImageRecord& image) {
  std::string out;
  append_text(out, R"({"id":)", image.id);
  append_text(out, R"(,"project":)", image.project);
  return out + '}';
}

}  // namespace samcache

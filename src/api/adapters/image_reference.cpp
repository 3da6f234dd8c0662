#include "api/adapters/image_reference.h"

#include <algorithm>

#include "api/adapters/web_address.h"
#include "base/text.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

constexpr std::string_view kDataUri = "data:";
constexpr std::string_view kUploads = "/data/upload/";
constexpr std::string_view kResolvedByLabelStudio[] = {kUploads, "/data/local-files/", "/storage-data/", "/tasks/"};
constexpr std::string_view kCloudStorages[] = {"s3://", "gs://", "azure-blob://"};

template <std::size_t N>
bool starts_with_any(std::string_view text, const std::string_view (&beginnings)[N]) {
  return std::ranges::any_of(beginnings, [&](std::string_view beginning) { return text.starts_with(beginning); });
}

// "…/folder/x.jpg?y=z" -> "x.jpg".
std::string file_name_of(std::string_view text) {
  text = text.substr(0, text.find('#'));
  const std::size_t question = text.find('?');
  // "/data/local-files/?d=folder/x.jpg" has the name behind the question mark.
  if (question != std::string_view::npos && !text.substr(0, question).ends_with('/')) text = text.substr(0, question);
  const std::string_view name = text.substr(text.find_last_of("/=") + 1);
  return std::string(name.empty() ? "image" : name);
}

}  // namespace

Result<SharedBytes> bytes_of_data_uri(std::string_view text) {
  if (text.starts_with(kDataUri)) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (!text.substr(0, comma).ends_with(";base64")) {
      return Error{ErrorCode::kCorrupt, "the image is a data URI without base64"};
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  Result<std::vector<std::byte>> bytes = bytes_from_base64(text);
  if (!bytes) return bytes.error().within("the image");
  return SharedBytes(std::move(*bytes));
}

Result<ImageReference> parse_image_reference(std::string_view text, std::int64_t task_id,
                                             std::string_view label_studio) {
  ImageReference reference;
  if (text.starts_with(kDataUri)) {
    Result<SharedBytes> bytes = bytes_of_data_uri(text);
    if (!bytes) return bytes.error();
    return ImageReference{.bytes = std::move(*bytes), .filename = "image"};
  }
  reference.filename = file_name_of(text);
  if (text.starts_with("http://") || text.starts_with("https://")) {
    reference.urls = {std::string(text)};
    return reference;
  }
  std::string path(text);
  if (path.starts_with("upload/")) path.insert(0, "/");
  if (path.starts_with("/upload/")) path.insert(0, "/data");
  const bool in_cloud = starts_with_any(path, kCloudStorages);
  if (!in_cloud && !starts_with_any(path, kResolvedByLabelStudio)) {
    return Error{ErrorCode::kInvalidArgument, "the image " + in_quotes(text) + " is no reference that can be resolved"};
  }
  if (label_studio.empty()) {
    return Error{ErrorCode::kInvalidArgument, "the image " + in_quotes(text) +
                                                  " is Label Studio's to resolve: start the server with "
                                                  "LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY set"};
  }
  const std::string base(label_studio.substr(0, label_studio.find_last_not_of('/') + 1));
  if (in_cloud) {
    reference.urls = {base + "/tasks/" + std::to_string(task_id) + "/presign/?fileuri=" + escaped_for_query(path)};
  } else {
    reference.urls = {base + path};
    if (path.starts_with(kUploads)) {
      const std::string key = path.substr(std::string_view("/data/").size());
      reference.urls.push_back(base + "/storage-data/uploaded/?filepath=" + escaped_for_query(key));
    }
  }
  return reference;
}

}  // namespace samcache

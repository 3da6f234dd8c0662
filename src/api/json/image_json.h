// Images as the API shows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/catalog.h"

namespace samcache {

// One object, all that is known of the image.
std::string image_json(const ImageRecord& image);
// The same without its closing brace, for an answer that has more members.
std::string open_image_json(const ImageRecord& image);
// {"id", "project", "encoding_status", "encoding_error", "encoded_at"}: what an event tells.
std::string image_status_json(const ImageRecord& image);
std::string removed_image_json(const ImageRecord& image);

// "\"2025-01-31T23:59:59Z\"" or "null".
std::string time_json(std::optional<std::int64_t> milliseconds_since_1970);

}  // namespace samcache

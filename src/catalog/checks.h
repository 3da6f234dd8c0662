// What may be put into the catalog, and what is made of texts that must be taken as they come. Internal to catalog/.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "catalog/catalog.h"

namespace samcache {

// 36 characters: lower-case hexadecimal digits in groups of 8, 4, 4, 4 and 12.
bool is_uuid(std::string_view text);
bool is_sha256(std::string_view text);

// kInvalidArgument, which names the field, what it is and what it may be.
Status check_image(const ImageRecord& image);
Status check_project(const std::string& project);
// UTF-8 without control characters, of `least` to `most` characters.
Status check_text(const std::string& field, const std::string& text, std::size_t least, std::size_t most);

// UTF-8 without NUL of at most `most` bytes, which says as much of `text` as there is room for.
std::string fit_text(std::string_view text, std::size_t most);

}  // namespace samcache

// Reading images from the tables. Internal to catalog/.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace samcache {

// "SELECT … FROM images LEFT JOIN encoding_states …": an image with what `:model` knows of it; a WHERE goes behind.
extern const std::string kSelectImages;
// The same status, for a WHERE.
inline constexpr const char* kStatusOfImage = "COALESCE(encoding_states.status, 'pending')";

// What a row of kSelectImages says. The column behind its last, kUploadNumberColumn, is the upload number.
ImageRecord image_of(const SqlRow& row);
std::vector<ImageRecord> images_of(const SqlRows& rows);
inline constexpr std::size_t kUploadNumberColumn = 14;

}  // namespace samcache

// The files that a command line's arguments mean.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

// An image file as it lies on disk: its bytes, and who it is by them.
struct SourceImage {
  std::filesystem::path path;
  SharedBytes bytes;
  std::string sha256;
  std::string id;  // image_id_from_sha256
};

// Reads the file whole (at most what the decoder takes); decodes nothing.
Result<SourceImage> read_source_image(const std::filesystem::path& path);

// Files stand for themselves, whether they exist or not; a folder for the image files in it (by their names' endings,
// not in folders below), sorted by name. kNotFound for a folder without any.
Result<std::vector<std::filesystem::path>> image_files(const std::string& argument);

}  // namespace samcache

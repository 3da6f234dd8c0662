#include "apps/image_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>

#include "base/mapped_file.h"
#include "image/decode.h"
#include "image/digest.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 11> kImageEndings = {".jpg",  ".jpeg", ".jpe",  ".png",  ".webp", ".tif",
                                                            ".tiff", ".gif",  ".heic", ".heif", ".avif"};

bool has_image_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(kImageEndings.begin(), kImageEndings.end(), ending) != kImageEndings.end();
}

}  // namespace

Result<SourceImage> read_source_image(const fs::path& path) {
  Result<SharedBytes> bytes = read_file(path, DecodeLimits().max_bytes);
  if (!bytes) return bytes.error();
  SourceImage image{.path = path, .bytes = std::move(*bytes), .sha256 = {}, .id = {}};
  image.sha256 = sha256_hex(image.bytes.span());
  Result<std::string> id = image_id_from_sha256(image.sha256);
  if (!id) return id.error();
  image.id = std::move(*id);
  return image;
}

Result<std::vector<fs::path>> image_files(const std::string& argument) {
  std::error_code code;
  if (!fs::is_directory(argument, code)) return std::vector<fs::path>{argument};
  std::vector<fs::path> files;
  fs::directory_iterator entry(argument, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    std::error_code entry_code;
    if (has_image_ending(entry->path()) && entry->is_regular_file(entry_code)) files.push_back(entry->path());
  }
  if (code) return errno_error("read the folder " + argument, code.value());
  if (files.empty()) {
    return Error{ErrorCode::kNotFound, "no image files in the folder " + argument};
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace samcache

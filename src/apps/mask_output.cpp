#include "apps/mask_output.h"

#include <nlohmann/json.hpp>

#include "api/json/mask_json.h"
#include "base/atomic_file.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

const char* file_ending(MaskFormat format) {
  switch (format) {
    case MaskFormat::kRle: return ".rle.json";
    case MaskFormat::kPng: return ".png";
    case MaskFormat::kPolygon: return ".polygon.json";
    case MaskFormat::kOverlay:
    case MaskFormat::kCoco: break;
  }
  throw std::logic_error(std::string("file_ending: not the form of one mask: ") + mask_format_name(format));
}

Result<std::vector<std::byte>> file_from_mask(const BinaryMask& mask, MaskFormat format) {
  if (format == MaskFormat::kPng) return png_from_mask(mask);
  const Result<Json> json = json_from_mask(mask, format);
  if (!json) return json.error();
  const std::string text = json->dump() + "\n";
  const ByteSpan bytes = bytes_of(text);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace

Result<Json> json_from_mask(const BinaryMask& mask, MaskFormat format) {
  switch (format) {
    case MaskFormat::kRle: return json_from_mask(mask, MaskForm::kRle);
    case MaskFormat::kPng: return json_from_mask(mask, MaskForm::kPng);
    case MaskFormat::kPolygon: return json_from_mask(mask, MaskForm::kPolygon);
    case MaskFormat::kOverlay:
    case MaskFormat::kCoco: break;
  }
  throw std::logic_error(std::string("json_from_mask: not the form of one mask: ") + mask_format_name(format));
}

Result<std::filesystem::path> write_mask_file(const BinaryMask& mask, MaskFormat format,
                                              const std::filesystem::path& folder, const std::string& stem,
                                              std::size_t index) {
  const Result<std::vector<std::byte>> bytes = file_from_mask(mask, format);
  if (!bytes) return bytes.error();
  const std::filesystem::path path = folder / (stem + ".mask" + std::to_string(index) + file_ending(format));
  if (Status written = write_file_atomically(path, *bytes); !written) return written.error();
  return path;
}

}  // namespace samcache

#include "image/encode.h"

#include <string>

#include "image/vips_reader.h"
#include "image/vips_writer.h"

namespace samcache {
namespace {

VipsImagePtr wrap_rgb(const RgbImage& image, const char* function) {
  require_image_library(function);
  const bool fits =
      image.width > 0 && image.height > 0 &&
      image.pixels.size() == static_cast<std::uint64_t>(image.width) * static_cast<unsigned>(image.height) * 3;
  check(fits, std::string(function) + ": an image of " + std::to_string(image.width) + "x" +
                  std::to_string(image.height) + " with " + std::to_string(image.pixels.size()) + " bytes");
  return wrap_pixels(image.pixels, image.width, image.height, 3);
}

Status check_side(const RgbImage& image, int max_side, const char* format) {
  if (image.width <= max_side && image.height <= max_side) return {};
  return Error{ErrorCode::kTooLarge, std::string(format) + " holds at most " + std::to_string(max_side) +
                                         " pixels a side, the image has " + std::to_string(image.width) + "x" +
                                         std::to_string(image.height) + "; write a PNG"};
}

}  // namespace

Result<std::vector<std::byte>> encode_png(const RgbImage& image) {
  const VipsImagePtr pixels = wrap_rgb(image, "encode_png");
  return written("PNG", [&](void** data, std::size_t* size) {
    return vips_pngsave_buffer(pixels.get(), data, size, "strip", TRUE, "compression", 6, nullptr);
  });
}

Result<std::vector<std::byte>> encode_jpeg(const RgbImage& image, int quality) {
  const VipsImagePtr pixels = wrap_rgb(image, "encode_jpeg");
  check(quality >= 1 && quality <= 100, "encode_jpeg: the quality is not from 1 to 100");
  if (Status side = check_side(image, 65535, "JPEG"); !side) return side.error();
  return written("JPEG", [&](void** data, std::size_t* size) {
    return vips_jpegsave_buffer(pixels.get(), data, size, "strip", TRUE, "Q", quality, "optimize_coding", TRUE,
                                nullptr);
  });
}

Result<std::vector<std::byte>> encode_webp(const RgbImage& image, int quality) {
  const VipsImagePtr pixels = wrap_rgb(image, "encode_webp");
  check(quality >= 1 && quality <= 100, "encode_webp: the quality is not from 1 to 100");
  if (Status side = check_side(image, 16383, "WebP"); !side) return side.error();
  return written("WebP", [&](void** data, std::size_t* size) {
    return vips_webpsave_buffer(pixels.get(), data, size, "strip", TRUE, "Q", quality, nullptr);
  });
}

}  // namespace samcache

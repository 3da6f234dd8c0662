#include <algorithm>

#include "image/mask_checks.h"
#include "image/mask_codec.h"
#include "image/vips_reader.h"
#include "image/vips_writer.h"

namespace samcache {
namespace {

// A pixel is set when a colour channel is not zero and alpha, the last of an even number of channels, is not zero.
template <class Sample>
void convert_row(const Sample* in, int bands, int width, std::uint8_t* out) {
  const bool has_alpha = bands % 2 == 0;
  const int colours = has_alpha ? bands - 1 : bands;
  for (int x = 0; x < width; ++x, in += bands) {
    Sample colour = 0;
    for (int c = 0; c < colours; ++c) colour |= in[c];
    out[x] = colour != 0 && (!has_alpha || in[colours] != 0) ? 1 : 0;
  }
}

Result<OpenImage> open_png(std::span<const std::byte> png, const std::string& name) {
  require_image_library("mask_from_png");
  DecodeLimits limits;
  limits.max_pixels = kMaxMaskPixels;
  Result<OpenImage> image = open_image(png, name, limits);
  if (image && std::string_view(image->format->name) != "png") {
    return Error{ErrorCode::kUnsupported, name + ": a mask must be a PNG, this is a " + image->format->title};
  }
  return image;
}

Result<BinaryMask> read_mask(const OpenImage& image, const std::string& name) {
  BinaryMask mask;
  mask.width = vips_image_get_width(image.vips.get());
  mask.height = vips_image_get_height(image.vips.get());
  mask.pixels.resize(static_cast<std::size_t>(mask.width) * static_cast<std::size_t>(mask.height));
  const Status read = read_rows(image, name, DecodeLimits{}.timeout_ms, [&](int y, const void* row) {
    std::uint8_t* out = mask.pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width);
    if (image.is_16_bit) {
      convert_row(static_cast<const std::uint16_t*>(row), image.bands, mask.width, out);
    } else {
      convert_row(static_cast<const std::uint8_t*>(row), image.bands, mask.width, out);
    }
  });
  if (!read) return read.error();
  return mask;
}

}  // namespace

Result<std::vector<std::byte>> png_from_mask(const BinaryMask& mask, MaskPngDepth depth) {
  require_image_library("png_from_mask");
  require_binary(mask, "png_from_mask");
  std::vector<std::uint8_t> grey(mask.pixels.size());
  for (std::size_t i = 0; i < grey.size(); ++i) grey[i] = static_cast<std::uint8_t>(-mask.pixels[i]);
  const VipsImagePtr image = wrap_pixels(grey, mask.width, mask.height, 1);
  // Masks are long runs: the fastest compression level and no row filter cost little in size.
  return written("PNG", [&](void** data, std::size_t* size) {
    return vips_pngsave_buffer(image.get(), data, size, "strip", TRUE, "compression", 1, "filter",
                               VIPS_FOREIGN_PNG_FILTER_NONE, "bitdepth", depth == MaskPngDepth::k1Bit ? 1 : 8, nullptr);
  });
}

Result<BinaryMask> mask_from_png(std::span<const std::byte> png, const std::string& name) {
  Result<OpenImage> image = open_png(png, name);
  if (!image) return image.error();
  return read_mask(*image, name);
}

Result<BinaryMask> mask_from_png(std::span<const std::byte> png, int width, int height, const std::string& name) {
  Result<OpenImage> image = open_png(png, name);
  if (!image) return image.error();
  const int png_width = vips_image_get_width(image->vips.get());
  const int png_height = vips_image_get_height(image->vips.get());
  if (png_width != width || png_height != height) {
    return Error{ErrorCode::kInvalidArgument, name + ": the mask is " + std::to_string(png_width) + "x" +
                                                  std::to_string(png_height) + ", the image " + std::to_string(width) +
                                                  "x" + std::to_string(height)};
  }
  return read_mask(*image, name);
}

}  // namespace samcache

#include "image/decode.h"

#include <cstring>
#include <utility>

#include "base/mapped_file.h"
#include "image/digest.h"
#include "image/orientation.h"
#include "image/vips_reader.h"

namespace samcache {
namespace {

// Pillow's rounding of a * b / 255.
std::uint8_t multiply_of_255(unsigned a, unsigned b) {
  const unsigned product = a * b + 128;
  return static_cast<std::uint8_t>(((product >> 8) + product) >> 8);
}

// One row as the file has it to one row of 8-bit RGB.
template <class Sample>
void convert_row(const OpenImage& image, const Sample* in, int width, std::uint8_t* out) {
  constexpr int kShift = 8 * (sizeof(Sample) - 1);
  const auto sample = [](Sample value) { return static_cast<std::uint8_t>(value >> kShift); };
  if (image.is_cmyk) {
    for (int x = 0; x < width; ++x, in += image.bands, out += 3) {
      const unsigned white = 255U - sample(in[3]);
      for (int c = 0; c < 3; ++c) out[c] = static_cast<std::uint8_t>(white - multiply_of_255(sample(in[c]), white));
    }
  } else if (image.bands < 3) {
    for (int x = 0; x < width; ++x, in += image.bands, out += 3) out[0] = out[1] = out[2] = sample(in[0]);
  } else if (image.bands == 3 && sizeof(Sample) == 1) {
    std::memcpy(out, in, static_cast<std::size_t>(width) * 3);
  } else {
    for (int x = 0; x < width; ++x, in += image.bands, out += 3) {
      for (int c = 0; c < 3; ++c) out[c] = sample(in[c]);
    }
  }
}

Result<RgbImage> read_rgb(const OpenImage& image, const std::string& name, int timeout_ms) {
  RgbImage rgb;
  rgb.width = vips_image_get_width(image.vips.get());
  rgb.height = vips_image_get_height(image.vips.get());
  const std::size_t row_bytes = static_cast<std::size_t>(rgb.width) * 3;
  rgb.pixels.resize(row_bytes * static_cast<std::size_t>(rgb.height));
  const Status read = read_rows(image, name, timeout_ms, [&](int y, const void* row) {
    std::uint8_t* out = rgb.pixels.data() + static_cast<std::size_t>(y) * row_bytes;
    if (image.is_16_bit) {
      convert_row(image, static_cast<const std::uint16_t*>(row), rgb.width, out);
    } else {
      convert_row(image, static_cast<const std::uint8_t*>(row), rgb.width, out);
    }
  });
  if (!read) return read.error();
  return rgb;
}

}  // namespace

Result<DecodedImage> decode_image(std::span<const std::byte> bytes, const std::string& name,
                                  const DecodeLimits& limits) {
  require_image_library("decode_image");
  Result<OpenImage> image = open_image(bytes, name, limits);
  if (!image) return image.error();
  Result<RgbImage> rgb = read_rgb(*image, name, limits.timeout_ms);
  if (!rgb) return rgb.error();
  const int orientation = vips_image_get_orientation(image->vips.get());
  return DecodedImage{upright(*std::move(rgb), orientation), image->format->name, sha256_hex(bytes)};
}

Result<DecodedImage> decode_image_file(const std::filesystem::path& path, const DecodeLimits& limits) {
  const Result<SharedBytes> bytes = read_file(path, limits.max_bytes);
  if (!bytes) return bytes.error();
  return decode_image(*bytes, path.string(), limits);
}

}  // namespace samcache

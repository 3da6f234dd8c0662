// RGB pixels to the bytes of an image file, without metadata. Thread-safe; needs an ImageLibrary.
//
// Throws std::logic_error for an image whose pixels are not width x height x 3; fails with kTooLarge where the format
// cannot hold the size (WebP 16383, JPEG 65535 pixels a side) and kIo when libvips refuses otherwise.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

Result<std::vector<std::byte>> encode_png(const RgbImage& image);
// `quality` from 1 to 100.
Result<std::vector<std::byte>> encode_jpeg(const RgbImage& image, int quality = 90);
Result<std::vector<std::byte>> encode_webp(const RgbImage& image, int quality = 85);

}  // namespace samcache

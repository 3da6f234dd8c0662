// Small versions of image files, for lists of them.
//
// The same files are read, under the same limits and with the same errors, as decode.h does; a JPEG is decoded at a
// fraction of its size where that is enough. Colours are converted to sRGB and alpha is dropped. Thread-safe; needs an
// ImageLibrary.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/decode.h"

namespace samcache {

inline constexpr int kMinThumbnailSide = 16;
inline constexpr int kMaxThumbnailSide = 1024;

// A WebP that fits into side x side pixels, upright, never larger than the image. `side` must be within the limits
// above, else kInvalidArgument. `name` is what errors call the image.
Result<std::vector<std::byte>> webp_thumbnail(std::span<const std::byte> bytes, const std::string& name, int side,
                                              const DecodeLimits& limits = {});

}  // namespace samcache

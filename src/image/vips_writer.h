// Pixels in memory to file bytes with libvips. Private to src/image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "image/vips_reader.h"

namespace samcache {

// A libvips image over pixels that stay the caller's and must outlive it. Throws std::runtime_error if libvips refuses.
VipsImagePtr wrap_pixels(std::span<const std::uint8_t> pixels, int width, int height, int bands);

// What `save` (a call of vips_…save_buffer, 0 for success) puts out, as a vector.
Result<std::vector<std::byte>> written(const char* format,
                                       const std::function<int(void** data, std::size_t* size)>& save);

}  // namespace samcache

// What the mask codecs share: the checks on masks and sizes. Private to src/image.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

// Throws std::logic_error, naming `function`, unless the mask has width x height pixels (at least one), each 0 or 1.
void require_binary(const BinaryMask& mask, const char* function);

// For sizes that come from outside: both at least 1, and no more than kMaxMaskPixels.
Status check_mask_size(std::int64_t width, std::int64_t height, const std::string& what);

}  // namespace samcache

// From a picture to the trunk's input.
//
// The official processor resizes to S x S whatever the aspect ratio (bilinear, antialiased, half-pixel centres),
// rounds back to 8 bits, and maps 0..255 to -1..1. Arithmetic follows torchvision's float path step by step, so that
// the 8-bit result is the same: a resize that differs by one level would be a different picture to the model.
#pragma once

#include <cstdint>
#include <vector>

#include "base/pixels.h"

namespace samcache {

// Names this arithmetic in encoding keys and files; changes whenever the numbers do.
inline constexpr const char* kPreprocessRevision = "resize-aa-bilinear-u8-v1";

// Interleaved RGB, size * size * 3.
std::vector<std::uint8_t> resize_antialiased(const RgbImage& image, int size);

// Interleaved 8-bit RGB [size, size, 3] -> normalised planes [3, size, size].
std::vector<float> normalized_planes(const std::vector<std::uint8_t>& interleaved, int size);

}  // namespace samcache

// Opening an image file in memory with libvips, and reading its rows. Private to src/image, the one header that knows
// libvips' types; limits and errors are those of decode.h.
#pragma once

#include <vips/vips.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "image/decode.h"

namespace samcache {

struct ImageFormat {
  const char* loader_class;      // libvips' class for all loaders of the format
  const char* loader_operation;  // the one that reads from memory
  const char* name;              // as DecodedImage::format has it
  const char* title;             // as errors have it
};

// All formats this project reads, whether or not the libvips at hand does.
std::span<const ImageFormat> image_formats();

// Throws std::logic_error unless an ImageLibrary is alive.
void require_image_library(const char* function);

// libvips' own words on the last failure, on one line of printable characters; the text is then forgotten.
std::string take_vips_error();

struct UnrefVipsImage {
  void operator()(VipsImage* image) const { g_object_unref(image); }
};
using VipsImagePtr = std::unique_ptr<VipsImage, UnrefVipsImage>;

struct OpenImage {
  VipsImagePtr vips;  // refers to the file's bytes
  const ImageFormat* format = nullptr;
  bool is_16_bit = false;  // otherwise 8
  bool is_cmyk = false;
  int bands = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; 4 or more with is_cmyk: inks, then alpha
};

// Reads the header, within the limits. `bytes` must outlive the result.
Result<OpenImage> open_image(std::span<const std::byte> bytes, const std::string& name, const DecodeLimits& limits);

// `row` is one row of the image as the file has it: width x bands samples of 8 or 16 bits.
using RowSink = std::function<void(int y, const void* row)>;

// Decodes; calls `sink` for each row, from the top down, on one thread at a time. The sink must not throw.
Status read_rows(const OpenImage& image, const std::string& name, int timeout_ms, const RowSink& sink);

}  // namespace samcache

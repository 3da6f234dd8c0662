// From the bytes of an image file to the RGB pixels the model sees.
//
// What the pixels are. The official SAM 3 code opens a file with Pillow and calls convert("RGB"); the same is done
// here, so that an image gives the same encoding in both:
//  - EXIF (and TIFF) orientation is applied: width and height are those of the upright picture. (The one departure:
//    Pillow leaves it to the caller.)
//  - Alpha is dropped, not composited: a transparent pixel shows the colour the file stores under it.
//  - Grey is repeated into three channels; palettes and 1, 2 and 4 bits are expanded; 16 bits keep the upper 8.
//  - CMYK becomes RGB by Pillow's formula, (255 - ink) * (255 - black) / 255, not through a profile.
//  - ICC profiles are ignored: the stored values are taken as they are.
//  - Files of several pages or frames give the first (for HEIC the primary image).
// Float, integer-32, Lab and multispectral pixels are refused with a message that says so.
//
// Everything read is hostile: sizes are checked against DecodeLimits from the header, before pixels are decoded; a file
// that is cut short is an error, never a picture with a grey half. Errors name the input: kUnsupported (not a format or
// a kind of pixels this build reads), kCorrupt (damaged or cut short), kTooLarge (over a limit), kCancelled (out of
// time), kNotFound and kIo (the file).
//
// Thread-safe; needs an ImageLibrary. libvips reports to one error text for the whole process, so the part of a message
// in parentheses can come from another image that failed at the same moment; the part before never does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

struct DecodeLimits {
  std::uint64_t max_bytes = std::uint64_t{256} << 20;  // of the file
  std::uint64_t max_pixels = 100'000'000;              // width x height
  // Checked between groups of rows. WebP, HEIC, AVIF, GIF, interlaced PNG and progressive JPEG are decoded in one piece
  // before the first row: for them max_pixels is what bounds the time.
  int timeout_ms = 30'000;
};

struct DecodedImage {
  RgbImage rgb;
  std::string format;  // "jpeg", "png", "webp", "tiff", "gif", "heic" or "avif"
  std::string sha256;  // of the file's bytes, in hexadecimal
};

// `name` is what errors call the image. `bytes` are not kept.
Result<DecodedImage> decode_image(std::span<const std::byte> bytes, const std::string& name,
                                  const DecodeLimits& limits = {});

// The whole file is read into memory first, so one that changes or shrinks meanwhile cannot do harm. Only regular files
// are read.
Result<DecodedImage> decode_image_file(const std::filesystem::path& path, const DecodeLimits& limits = {});

}  // namespace samcache

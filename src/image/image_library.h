// The one-time set-up of libvips, the library that reads and writes image files.
//
// `main` (and a test's main) creates one ImageLibrary before any function of decode.h, encode.h or the PNG functions
// of mask_codec.h is called, and keeps it until the last of them has returned; those functions throw without one.
// It allows the named image loaders and blocks every other one libvips was built with (ImageMagick, PDF, SVG, ...):
// they are too large an attack surface for files that come from outside. libvips' operation cache is switched off,
// for it would keep the decoded pixels of past requests alive.
#pragma once

#include <string>

namespace samcache {

struct ImageLibraryOptions {
  // Threads one decode or encode may use inside libvips. Decoders are sequential for the most part, and a server runs
  // several at once, so more than one gains little.
  int threads_per_image = 1;
};

class ImageLibrary {
 public:
  // Throws std::logic_error if another one is alive or existed before (libvips cannot be started twice), and
  // std::runtime_error if libvips does not start.
  explicit ImageLibrary(const ImageLibraryOptions& options = {});
  ~ImageLibrary();
  ImageLibrary(const ImageLibrary&) = delete;
  ImageLibrary& operator=(const ImageLibrary&) = delete;

  // "JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF": what this build reads.
  static std::string readable_formats();
};

}  // namespace samcache

#include "image/image_library.h"

#include <vips/vips.h>

#include <atomic>
#include <stdexcept>

#include "base/error.h"
#include "image/vips_reader.h"

namespace samcache {
namespace {

enum class LibraryState { kNever, kRunning, kOver };
// libvips has one state a process; this says which.
std::atomic<LibraryState> library_state{LibraryState::kNever};

void ignore_log_message(const gchar*, GLogLevelFlags, const gchar*, gpointer) {}

void block_all_loaders_but_ours() {
  vips_block_untrusted_set(TRUE);
  vips_operation_block_set("VipsForeignLoad", TRUE);
  for (const ImageFormat& format : image_formats()) vips_operation_block_set(format.loader_class, FALSE);
}

}  // namespace

ImageLibrary::ImageLibrary(const ImageLibraryOptions& options) {
  LibraryState expected = LibraryState::kNever;
  check(library_state.compare_exchange_strong(expected, LibraryState::kRunning),
        "ImageLibrary: there can be one in the life of a process");
  if (vips_init("samcache") != 0) {
    library_state = LibraryState::kOver;
    throw std::runtime_error("the image library (libvips) does not start");
  }
  block_all_loaders_but_ours();
  vips_concurrency_set(options.threads_per_image);
  vips_cache_set_max(0);
  // Warnings about odd files would go to stderr, where nobody could tell which file they are about.
  g_log_set_handler("VIPS", static_cast<GLogLevelFlags>(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO), ignore_log_message,
                    nullptr);
}

ImageLibrary::~ImageLibrary() {
  library_state = LibraryState::kOver;
  vips_shutdown();
}

std::string ImageLibrary::readable_formats() {
  std::string names;
  for (const ImageFormat& format : image_formats()) {
    if (vips_type_find("VipsOperation", format.loader_operation) == 0) continue;
    if (!names.empty()) names += ", ";
    names += format.title;
  }
  return names;
}

void require_image_library(const char* function) {
  check(library_state == LibraryState::kRunning, std::string(function) + ": there is no ImageLibrary");
}

}  // namespace samcache

#include "image/thumbnail.h"

#include "image/vips_reader.h"
#include "image/vips_writer.h"

namespace samcache {
namespace {

constexpr int kQuality = 80;

Error cannot_read(const std::string& name, const OpenImage& image) {
  return {ErrorCode::kCorrupt, name + ": damaged or cut short " + image.format->title + " (" + take_vips_error() + ")"};
}

}  // namespace

Result<std::vector<std::byte>> webp_thumbnail(std::span<const std::byte> bytes, const std::string& name, int side,
                                              const DecodeLimits& limits) {
  require_image_library("webp_thumbnail");
  if (side < kMinThumbnailSide || side > kMaxThumbnailSide) {
    return Error{ErrorCode::kInvalidArgument, "a thumbnail of " + std::to_string(side) + " pixels: ask for " +
                                                  std::to_string(kMinThumbnailSide) + " to " +
                                                  std::to_string(kMaxThumbnailSide)};
  }
  const Result<OpenImage> image = open_image(bytes, name, limits);
  if (!image) return image.error();
  VipsImage* found = nullptr;
  // libvips takes a pointer to writable memory, and does not write there.
  if (vips_thumbnail_buffer(const_cast<std::byte*>(bytes.data()), bytes.size(), &found, side, "height", side, "size",
                            VIPS_SIZE_DOWN, "export_profile", "srgb", "fail_on", VIPS_FAIL_ON_ERROR, nullptr) != 0) {
    return cannot_read(name, *image);
  }
  VipsImagePtr small(found);
  const int bands = vips_image_get_bands(small.get());
  if (bands == 2 || bands == 4) {
    VipsImage* opaque = nullptr;
    if (vips_extract_band(small.get(), &opaque, 0, "n", bands - 1, nullptr) != 0) return cannot_read(name, *image);
    small.reset(opaque);
  }
  return written("WebP", [&](void** data, std::size_t* size) {
    return vips_webpsave_buffer(small.get(), data, size, "strip", TRUE, "Q", kQuality, nullptr);
  });
}

}  // namespace samcache

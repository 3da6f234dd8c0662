#include "image/vips_writer.h"

#include <cstring>
#include <stdexcept>

namespace samcache {

VipsImagePtr wrap_pixels(std::span<const std::uint8_t> pixels, int width, int height, int bands) {
  // libvips takes a pointer to writable memory, and does not write there.
  VipsImagePtr image(vips_image_new_from_memory(pixels.data(), pixels.size(), width, height, bands, VIPS_FORMAT_UCHAR));
  if (image == nullptr) throw std::runtime_error("wrap_pixels: " + take_vips_error());
  image->Type = bands == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
  return image;
}

Result<std::vector<std::byte>> written(const char* format,
                                       const std::function<int(void** data, std::size_t* size)>& save) {
  void* data = nullptr;
  std::size_t size = 0;
  if (save(&data, &size) != 0) {
    return Error{ErrorCode::kIo, std::string("cannot write a ") + format + " (" + take_vips_error() + ")"};
  }
  const std::unique_ptr<void, decltype(&g_free)> owner(data, &g_free);
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  return bytes;
}

}  // namespace samcache

#include "image/mask_checks.h"

#include <algorithm>
#include <cstring>

#include "image/mask_codec.h"

namespace samcache {
namespace {

std::string size_text(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace

void require_binary(const BinaryMask& mask, const char* function) {
  const bool fits = mask.width > 0 && mask.height > 0 &&
                    mask.pixels.size() == static_cast<std::uint64_t>(mask.width) * static_cast<unsigned>(mask.height);
  check(fits, std::string(function) + ": a mask of " + size_text(mask.width, mask.height) + " with " +
                  std::to_string(mask.pixels.size()) + " pixels");
  std::uint8_t seen = 0;
  for (const std::uint8_t pixel : mask.pixels) seen |= pixel;
  check(seen <= 1, std::string(function) + ": the mask holds values other than 0 and 1; convert it first");
}

Status check_mask_size(std::int64_t width, std::int64_t height, const std::string& what) {
  if (width < 1 || height < 1) {
    return Error{ErrorCode::kInvalidArgument, what + ": a mask cannot have the size " + size_text(width, height)};
  }
  const auto limit = static_cast<std::int64_t>(kMaxMaskPixels);
  if (width > limit || height > limit || width * height > limit) {
    return Error{ErrorCode::kTooLarge, what + ": a mask of " + size_text(width, height) + " is over the limit of " +
                                           std::to_string(limit) + " pixels"};
  }
  return {};
}

BinaryMask mask_from_values(std::span<const std::uint8_t> values, int width, int height) {
  check(width > 0 && height > 0 && values.size() == static_cast<std::uint64_t>(width) * static_cast<unsigned>(height),
        "mask_from_values: " + std::to_string(values.size()) + " values for " + size_text(width, height));
  BinaryMask mask{width, height, std::vector<std::uint8_t>(values.size())};
  for (std::size_t i = 0; i < values.size(); ++i) mask.pixels[i] = values[i] != 0 ? 1 : 0;
  return mask;
}

MaskExtent extent_of_mask(const BinaryMask& mask) {
  require_binary(mask, "extent_of_mask");
  MaskExtent extent{0, mask.width, 0, 0, 0};
  const auto width = static_cast<std::size_t>(mask.width);
  for (int y = 0; y < mask.height; ++y) {
    const std::uint8_t* row = mask.pixels.data() + static_cast<std::size_t>(y) * width;
    const void* first = std::memchr(row, 1, width);
    if (first == nullptr) continue;
    const void* last = memrchr(row, 1, width);
    if (extent.area == 0) extent.y0 = y;
    extent.y1 = y + 1;
    extent.x0 = std::min(extent.x0, static_cast<int>(static_cast<const std::uint8_t*>(first) - row));
    extent.x1 = std::max(extent.x1, static_cast<int>(static_cast<const std::uint8_t*>(last) - row) + 1);
    std::uint32_t row_area = 0;
    for (std::size_t x = 0; x < width; ++x) row_area += row[x];
    extent.area += row_area;
  }
  return extent.area == 0 ? MaskExtent{} : extent;
}

}  // namespace samcache

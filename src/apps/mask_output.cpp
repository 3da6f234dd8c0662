#include "apps/mask_output.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "image/encode.h"
#include "image/mask_codec.h"
#include "image/overlay.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

const char* file_ending(MaskFormat format) {
  switch (format) {
    case MaskFormat::kRle: return ".rle.json";
    case MaskFormat::kPng: return ".png";
    case MaskFormat::kPolygon: return ".polygon.json";
    case MaskFormat::kOverlay: break;
  }
  throw std::logic_error("file_ending: an overlay is not the file of one mask");
}

Result<std::vector<std::byte>> file_from_mask(const BinaryMask& mask, MaskFormat format) {
  if (format == MaskFormat::kPng) return png_from_mask(mask);
  const Result<Json> json = json_from_mask(mask, format);
  if (!json) return json.error();
  const std::string text = json->dump() + "\n";
  const ByteSpan bytes = bytes_of(text);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace

std::array<int, 4> box_of_mask(const BinaryMask& mask) {
  const MaskExtent extent = extent_of_mask(mask);
  return {extent.x0, extent.y0, extent.x1, extent.y1};
}

Result<Json> json_from_mask(const BinaryMask& mask, MaskFormat format) {
  switch (format) {
    case MaskFormat::kRle: {
      CocoRle rle = rle_from_mask(mask);
      return Json{{"size", {rle.height, rle.width}}, {"counts", std::move(rle.counts)}};
    }
    case MaskFormat::kPng: {
      const Result<std::vector<std::byte>> png = png_from_mask(mask);
      if (!png) return png.error();
      return Json(base64_from_bytes(*png));
    }
    case MaskFormat::kPolygon: return Json(coco_segmentation(polygons_from_mask(mask)));
    case MaskFormat::kOverlay: break;
  }
  throw std::logic_error("json_from_mask: an overlay is not the form of one mask");
}

Result<std::vector<std::byte>> overlay_png(const RgbImage& image, const InteractiveAnswer& answer,
                                           const InteractivePrompt& prompt) {
  std::vector<OverlayItem> items;
  for (const InteractiveMask& mask : answer.masks) items.push_back({.mask = &mask.mask, .score = mask.predicted_iou});
  if (prompt.box) items.push_back({.box = prompt.box});
  std::vector<OverlayPoint> points;
  for (const InteractivePrompt::Point& point : prompt.points) points.push_back({point.x, point.y, point.positive});
  return encode_png(draw_overlay(image, items, points));
}

Result<std::vector<std::filesystem::path>> write_mask_files(const InteractiveAnswer& answer, MaskFormat format,
                                                            const std::filesystem::path& folder,
                                                            const std::string& stem) {
  std::vector<std::filesystem::path> paths;
  for (std::size_t i = 0; i < answer.masks.size(); ++i) {
    const Result<std::vector<std::byte>> bytes = file_from_mask(answer.masks[i].mask, format);
    if (!bytes) return bytes.error();
    paths.push_back(folder / (stem + ".mask" + std::to_string(i) + file_ending(format)));
    if (Status written = write_file_atomically(paths.back(), *bytes); !written) return written.error();
  }
  return paths;
}

}  // namespace samcache

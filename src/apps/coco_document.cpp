#include "apps/coco_document.h"

#include <algorithm>

#include "image/mask_codec.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kImageId = 1;

}  // namespace

CocoDocument::CocoDocument(const std::string& file_name, int width, int height)
    : width_(width),
      height_(height),
      image_({{"id", kImageId}, {"file_name", file_name}, {"width", width}, {"height", height}}) {}

int CocoDocument::category(const std::string& label) {
  const std::string name = label.empty() ? kVisualCategory : label;
  const auto [entry, is_new] = category_ids_.emplace(name, static_cast<int>(category_ids_.size()) + 1);
  if (is_new) categories_.push_back({{"id", entry->second}, {"name", name}});
  return entry->second;
}

void CocoDocument::add(const FoundMask& found, const BinaryMask& mask) {
  check(mask.width == width_ && mask.height == height_, "CocoDocument: a mask of another size than the picture's");
  const auto clipped = [](float value, int size) {  // NaN becomes 0
    return value > 0 ? std::min(value, static_cast<float>(size)) : 0.0F;
  };
  const float x0 = clipped(found.box[0], width_);
  const float y0 = clipped(found.box[1], height_);
  const float width = std::max(clipped(found.box[2], width_) - x0, 0.0F);
  const float height = std::max(clipped(found.box[3], height_) - y0, 0.0F);
  Result<Json> rle = json_from_mask(mask, MaskFormat::kRle);
  annotations_.push_back({{"id", annotations_.size() + 1},
                          {"image_id", kImageId},
                          {"category_id", category(found.label)},
                          {"segmentation", std::move(rle.value())},
                          {"area", extent_of_mask(mask).area},
                          {"bbox", Json::array({x0, y0, width, height})},
                          {"iscrowd", 0},
                          {"score", found.score}});
}

std::string CocoDocument::text() const {
  const Json document = {{"info", {{"description", "masks found by samcache segment"}}},
                         {"licenses", Json::array()},
                         {"images", Json::array({image_})},
                         {"annotations", annotations_},
                         {"categories", categories_}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace samcache

// The masks of one picture as a COCO annotation document, as pycocotools and annotation tools load it.
//
//   {"info", "licenses", "images": [{"id": 1, "file_name", "width", "height"}],
//    "annotations": [{"id", "image_id": 1, "category_id", "segmentation": {"size", "counts"}, "area", "bbox",
//                     "iscrowd": 0, "score"}],
//    "categories": [{"id", "name"}]}
// Ids count from 1, since several readers take 0 for none. `bbox` is [x, y, width, height], clipped to the picture;
// `area` the mask's pixels. "score" is what COCO's result files have and annotation readers ignore.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/mask_output.h"

namespace samcache {

// Of masks that no text found: the model was shown what to look for.
inline constexpr const char* kVisualCategory = "visual";

class CocoDocument {
 public:
  CocoDocument(const std::string& file_name, int width, int height);

  // Adds the category of a label unless it is there. For labels that may find nothing; add() does it by itself.
  int category(const std::string& label);

  // The mask must have the picture's size; only its run lengths are kept.
  void add(const FoundMask& found, const BinaryMask& mask);

  // One line and its break. Bytes of the file's name that are not UTF-8 are replaced.
  std::string text() const;

 private:
  int width_;
  int height_;
  std::map<std::string, int> category_ids_;  // by name
  nlohmann::ordered_json categories_ = nlohmann::ordered_json::array();
  nlohmann::ordered_json annotations_ = nlohmann::ordered_json::array();
  nlohmann::ordered_json image_;
};

}  // namespace samcache

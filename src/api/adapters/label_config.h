// What of Label Studio's labelling configuration (XML) an answer depends on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace samcache {

enum class LabelStudioMask { kBrush, kPolygon };

// Where masks go, by the names of the project's tags.
struct LabelConfig {
  std::string from_name;    // of the tag that holds the masks
  std::string to_name;      // of the Image tag
  std::string image_field;  // of a task's data: "image" for value="$image"
  LabelStudioMask mask = LabelStudioMask::kBrush;
};

inline constexpr std::size_t kMaxLabelConfigBytes = 1 << 20;

// The first BrushLabels on an Image, else the first PolygonLabels on one. kInvalidArgument: no XML, or neither.
Result<LabelConfig> parse_label_config(std::string_view xml);

}  // namespace samcache

// Masks in the forms people ask for: inside the JSON answer, and as files.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "apps/prompt_syntax.h"
#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

// The smallest box around the mask, in pixels: columns [x0, x1), rows [y0, y1); all zero for an empty mask.
std::array<int, 4> box_of_mask(const BinaryMask& mask);

// rle: {"size": [height, width], "counts": "..."}, as pycocotools. png: base64 of an 8-bit PNG. polygon: COCO's list of
// rings, [[x0, y0, x1, y1, ...], ...]. Not for kOverlay.
Result<nlohmann::ordered_json> json_from_mask(const BinaryMask& mask, MaskFormat format);

// The answer to look at: the picture with the masks, the prompt's points and its box drawn over it.
Result<std::vector<std::byte>> overlay_png(const RgbImage& image, const InteractiveAnswer& answer,
                                           const InteractivePrompt& prompt);

// Writes FOLDER/STEM.maskN.{rle.json,png,polygon.json} for each mask; the folder is made if need be. Answers with the
// paths. Not for kOverlay.
Result<std::vector<std::filesystem::path>> write_mask_files(const InteractiveAnswer& answer, MaskFormat format,
                                                            const std::filesystem::path& folder,
                                                            const std::string& stem);

}  // namespace samcache

// One found mask in the forms people ask for: inside the JSON answer, and as a file.
#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "apps/prompt_syntax.h"
#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

// What is known of a mask besides its pixels.
struct FoundMask {
  std::string label = {};  // the text that found it; empty: it was not text
  float score = 0;
  std::array<float, 4> box{};  // x0, y0, x1, y1 in pixels; the model's, or box_of_mask
};

// As json_from_mask of api/json/mask_json.h. Requires is_form_of_one_mask.
Result<nlohmann::ordered_json> json_from_mask(const BinaryMask& mask, MaskFormat format);

// Writes FOLDER/STEM.maskN.{rle.json,png,polygon.json} for the N = `index`th mask; the folder is made if need be.
// Answers with the path. Requires is_form_of_one_mask.
Result<std::filesystem::path> write_mask_file(const BinaryMask& mask, MaskFormat format,
                                              const std::filesystem::path& folder, const std::string& stem,
                                              std::size_t index);

}  // namespace samcache

// Masks inside JSON: how they are answered, and how a client sends one.
//
// Thread-safe; PNG needs an ImageLibrary (image/image_library.h).
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

enum class MaskForm {
  kRle,      // {"size": [height, width], "counts": "..."}, as pycocotools writes it
  kPng,      // base64 of an 8-bit PNG
  kPolygon,  // COCO's list of rings, [[x0, y0, x1, y1, ...], ...]
};

Result<nlohmann::ordered_json> json_from_mask(const BinaryMask& mask, MaskForm form);

// A mask of a picture of width x height pixels from {"size": [height, width], "counts": "..." or [n0, n1, ...]}.
// kCorrupt: no such object, or counts that make no mask; kInvalidArgument: of another size.
Result<BinaryMask> mask_from_rle_json(const nlohmann::json& value, int width, int height, const std::string& name);

// The mask that a prompt starts from, in one of three forms: run lengths as above, a text with a PNG of the picture's
// size in base64, or {"logits": base64 of side x side little-endian float32}: what an answer's `logits` has.
// Answers with logits [side, side]. kInvalidArgument whatever is wrong, with `path`.
Result<std::vector<float>> mask_input_from_json(const nlohmann::json& value, int width, int height, int side,
                                                const std::string& path);

// The logits of an answer as mask_input_from_json takes them.
std::string base64_of_logits(std::span<const float> logits);

}  // namespace samcache

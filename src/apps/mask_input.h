// The mask that a prompt starts from, out of a file: the logits of an earlier answer, or a mask somebody drew.
//
// Accepted, told apart by their bytes:
//   safetensors  what write_mask_logits wrote: one F32 tensor "low_res_logits" [1, S, S]
//   PNG          a mask of the picture's size (see mask_from_png)
//   JSON         COCO run lengths of the picture's size: {"size": [height, width], "counts": "..." or [n0, n1, ...]}
// A drawn mask becomes logits of +10 inside and -10 outside, averaged over the area of each of the S x S cells.
// The file is hostile until checked; kNotFound and kIo are the file's, kCorrupt a damaged one, kInvalidArgument one
// that does not fit the picture or the model.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/error.h"

namespace samcache {

// Logits [side, side] for InteractivePrompt::mask_input.
Result<std::vector<float>> read_mask_input(const std::filesystem::path& path, int width, int height, int side);

Status write_mask_logits(const std::filesystem::path& path, std::span<const float> logits, int side);

}  // namespace samcache

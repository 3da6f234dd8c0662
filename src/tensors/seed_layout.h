// The layout of the design this project started from: one image's encoding under the names of the official Python
// state, so that Python code written against that design, whose `load_encoding` looks up four levels of everything,
// reads what this project wrote.
//
// PATH holds safetensors with, batch of one, G the token grid's side and C the necks' width:
//   backbone_fpn_0…3          [1, C, 4G, 4G], [1, C, 2G, 2G], [1, C, G, G], [1, C, G/2, G/2]: the detector's neck
//   vision_pos_enc_0…3        sine position codes of the same shapes
//   sam2_backbone_fpn_0…3     the interactive neck: the first two already projected to C/8 and C/4 channels, the third
//                             without the no-memory embedding; as the official set_image leaves them
//   sam2_vision_pos_enc_0…3   the same numbers as vision_pos_enc_0…3
// The sam2_ tensors are there together or not at all. The official code drops level 3 of both necks, and what it runs
// on position codes it recomputes: both are here for `load_encoding` alone.
// Beside it stands PATH with its last suffix replaced by .meta.json: {"original_height", "original_width",
// "created_at"}.
//
// Free functions, any thread. Engine::seed_layout makes the tensors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "tensors/encoding_file.h"
#include "tensors/tensor.h"

namespace samcache {

inline constexpr int kSeedLayoutLevels = 4;

// In the order above; `interactive`: with the sam2_ tensors.
std::vector<std::string> seed_layout_names(bool interactive);

// "….meta.json" beside `path`.
std::filesystem::path seed_metadata_path(const std::filesystem::path& path);

// Writes both files, each atomically, the metadata first: whoever sees a new tensor file finds its metadata. Takes
// original_height, original_width and created_at from `metadata`. kInvalidArgument: a tensor is missing or has no place
// in the layout; else as AtomicFileWriter. Nothing is published unless all tensors could be written.
Status write_seed_layout(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
                         const EncodingMetadata& metadata);

}  // namespace samcache

// A copy of a checkpoint in the layout the engine maps: canonical names, fused projections, the used tensors alone.
//
// Loading such a copy costs a page-cache mapping: nothing is assembled or cast. The copy is a safetensors file beside
// the checkpoint (model.bf16.safetensors, …) with the metadata
//   format=samcache.weights, version=1, dtype, model_fingerprint, and sources: a line "SIZE MODIFIED_NS NAME" for
//   config.json and each weights file it was made from. When a line no longer fits, the copy is stale: it is ignored
//   with a warning and the checkpoint itself is read.
// Data starts at a multiple of 4096 bytes and tensors at multiples of 64, as far as their sizes allow: wide dtypes
// and large tensors first.
//
// What keeps float32 in a bf16 or fp16 copy: 1-D tensors (norm scales, biases), the small tables that are added to or
// multiplied with coordinates or activations (position tables, the Fourier matrix, prompt and query tokens), and the
// interactive head, which the engine runs at full precision where that shows. They are one percent of the bytes, and
// rounding them would show in every mask. Matrices, convolutions and the token vocabulary of the rest are rounded to
// nearest even.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"
#include "model/weight_init.h"

namespace samcache {

inline constexpr const char* kConvertedFormat = "samcache.weights";
inline constexpr const char* kConvertedVersion = "1";

// "model.bf16.safetensors"; throws for other dtypes than kBF16, kF16 and kF32.
std::string converted_file_name(DType dtype);

// Whether a converted copy keeps this tensor in float32.
bool stays_float32(const WeightSpec& spec);

// Reads the checkpoint in model_dir (never an earlier copy) and writes its copy beside it, atomically. Streams: a few
// tensors' worth of memory. `dtype` is kBF16, kF16 or kF32. Answers with the path written.
Result<std::filesystem::path> convert_checkpoint(const std::filesystem::path& model_dir, DType dtype,
                                                 const WriteProgress& progress = {});

// The "sources" lines of files as they are now.
Result<std::string> describe_sources(const std::vector<std::filesystem::path>& files);

// Whether `sources`, as a copy in `folder` recorded it, still describes the files there. With `may_be_gone`, files that
// are no longer there count as unchanged: somebody kept the copy and deleted the original.
bool sources_unchanged(const std::string& sources, const std::filesystem::path& folder, bool may_be_gone);

}  // namespace samcache

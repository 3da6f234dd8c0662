// A copy of a checkpoint in the layout the engine maps: canonical names, fused projections, the used tensors alone.
//
// Loading such a copy costs a page-cache mapping: nothing is assembled or cast. The copy is a safetensors file beside
// the checkpoint (model.bf16.safetensors, …) with the metadata
//   format=samcache.weights, version=2, dtype, model_fingerprint, and sources: a line "SIZE MODIFIED_NS NAME" for
//   config.json and each weights file it was made from. When a line no longer fits, the copy is stale: it is ignored
//   with a warning and the checkpoint itself is read.
// Data starts at a multiple of 4096 bytes and tensors at multiples of 64, as far as their sizes allow: wide dtypes
// and large tensors first.
//
// A bf16 or fp16 copy rounds (to nearest even) the matrices that the engine multiplies in a narrow type: those of the
// trunk, of the necks' two finer levels, of the text encoder's and the fusion encoder's layers, and of the pixel
// decoder. Everything else keeps float32, because the engine uses some of it at full precision: norms, biases, tables,
// the interactive head, whatever else handles prompts, queries and boxes, and the token vocabulary, of which a prompt
// reads a few rows. So a copy answers exactly as the checkpoint it was made from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"
#include "model/weight_init.h"

namespace samcache {

inline constexpr const char* kConvertedFormat = "samcache.weights";
inline constexpr const char* kConvertedVersion = "2";

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

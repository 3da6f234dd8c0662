// The model as ONNX files: the same definition that the engine runs, recorded part by part.
//
// A part is one graph with inputs and outputs of fixed names; docs/onnx.md describes each for users. Nothing but the
// checkpoint is needed, no Python and no libtorch. Weights are read from the checkpoint one at a time while the file is
// written, so memory stays at a few tensors whatever the model's size. The same checkpoint, part and options give the
// same bytes.
//
// Free functions, any thread; a Checkpoint may be exported from by several at once. They fail as values: what
// AtomicFileWriter and Checkpoint::tensor fail with, kTooLarge where weights do not fit, kUnsupported for weights that
// fp16 cannot hold, kCancelled. A file is there whole or not at all.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "model/checkpoint.h"
#include "model/checkpoint_writer.h"

namespace samcache {

enum class OnnxPart {
  kVisionEncoder,          // picture -> what an interactive encoding holds
  kTrunk,                  // picture -> what a trunk encoding holds
  kNeck,                   // trunk -> what an interactive encoding holds
  kDetectorNeck,           // trunk -> what a detector encoding holds
  kPromptDecoder,          // points and boxes -> masks, as the community's files
  kPromptDecoderWithMask,  // the same with a mask to go on from, and all four candidates
  kTextEncoder,            // token ids -> text features
  kConceptDecoder,         // detector encoding, text features, exemplar boxes -> every instance
};

// All of them, in the order above.
std::span<const OnnxPart> onnx_parts();
// "vision_encoder", "prompt_encoder_mask_decoder", …: the file's name without its ending.
const char* onnx_part_name(OnnxPart part);
// kInvalidArgument lists the names there are.
Result<OnnxPart> parse_onnx_part(std::string_view name);

struct OnnxExportOptions {
  DType dtype = DType::kF32;     // or kF16: of matrix products, stored weights, and feature maps at inputs and outputs
  bool external_data = false;    // weights in a file of their own, NAME.onnx_data
  std::string model = {};        // the checkpoint's name, for people
  std::string fingerprint = {};  // of the checkpoint, when the caller knows it; empty: found out
  std::uint64_t max_inline_bytes = (std::uint64_t{1} << 31) - 1;  // protobuf's limit: larger models get external data
  WriteProgress progress = {};
};

struct OnnxFiles {
  std::filesystem::path model;
  std::filesystem::path data;  // empty: all in one file
  std::uint64_t model_bytes = 0;
  std::uint64_t data_bytes = 0;
};

// "prompt_encoder_mask_decoder.onnx"; in float16 "prompt_encoder_mask_decoder_fp16.onnx".
std::string onnx_file_name(OnnxPart part, DType dtype);

// Writes the part into `folder`, which is made if it is not there.
Result<OnnxFiles> export_onnx(const Checkpoint& checkpoint, OnnxPart part, const std::filesystem::path& folder,
                              const OnnxExportOptions& options = {});

// The part in one piece of memory; kTooLarge when it has more than options.max_inline_bytes.
Result<SharedBytes> onnx_bytes(const Checkpoint& checkpoint, OnnxPart part, const OnnxExportOptions& options = {});

}  // namespace samcache

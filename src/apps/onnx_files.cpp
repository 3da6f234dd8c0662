#include "apps/onnx_files.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "onnx/export.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr std::array kOffered = {OnnxPart::kNeck,          OnnxPart::kDetectorNeck,
                                 OnnxPart::kPromptDecoder, OnnxPart::kPromptDecoderWithMask,
                                 OnnxPart::kTextEncoder,   OnnxPart::kConceptDecoder};

}  // namespace

OnnxFileFolder::OnnxFileFolder(fs::path model, const fs::path& folder, std::string fingerprint)
    : model_(std::move(model)), folder_(folder / fingerprint), fingerprint_(std::move(fingerprint)) {}

std::vector<std::string> OnnxFileFolder::offered_parts() {
  std::vector<std::string> names;
  for (const OnnxPart part : kOffered) names.emplace_back(onnx_part_name(part));
  return names;
}

Result<fs::path> OnnxFileFolder::file(std::string_view part_name, std::string_view dtype_name) {
  const Result<OnnxPart> part = parse_onnx_part(part_name);
  if (!part || std::ranges::find(kOffered, *part) == kOffered.end()) {
    return Error{ErrorCode::kNotFound, "the model has no part " + in_quotes(part_name) + " to download"};
  }
  if (dtype_name != "fp32" && dtype_name != "fp16") {
    return Error{ErrorCode::kInvalidArgument,
                 "unknown type " + in_quotes(dtype_name) + ": ONNX files are fp32 or fp16"};
  }
  const DType dtype = dtype_name == "fp16" ? DType::kF16 : DType::kF32;
  fs::path path = folder_ / onnx_file_name(*part, dtype);
  const std::scoped_lock lock(exporting_);
  std::error_code code;
  if (fs::exists(path, code)) return path;
  const Result<Checkpoint> checkpoint = Checkpoint::open(model_);
  if (!checkpoint) return checkpoint.error();
  const Result<OnnxFiles> exported =
      export_onnx(*checkpoint, *part, folder_, {.dtype = dtype, .fingerprint = fingerprint_});
  if (!exported) return exported.error();
  return path;
}

}  // namespace samcache

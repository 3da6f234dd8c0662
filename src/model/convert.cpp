#include "model/convert.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "model/fingerprint.h"
#include "tensors/cast.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

// "SIZE MODIFIED_NS": what changes when a file does.
Result<std::string> file_stamp(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno_error("stat " + path.string(), errno);
  return std::to_string(status.st_size) + " " +
         std::to_string(static_cast<long long>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec);
}

DType converted_dtype(const WeightSpec& spec, DType dtype) { return stays_float32(spec) ? DType::kF32 : dtype; }

std::vector<TensorSpec> layout(const Checkpoint& checkpoint, DType dtype) {
  std::vector<TensorSpec> specs;
  for (const WeightSpec& spec : checkpoint.table())
    if (spec.used_by_image_model || (spec.optional && checkpoint.tensor(spec.name).ok()))
      specs.push_back({spec.name, converted_dtype(spec, dtype), spec.canonical_shape()});
  return aligned_order(std::move(specs));
}

Result<SafetensorsMetadata> describe(const Checkpoint& checkpoint, const fs::path& folder, DType dtype) {
  std::vector<fs::path> files = checkpoint.source_files();
  if (checkpoint.has_config_file()) files.push_back(folder / "config.json");
  Result<std::string> sources = describe_sources(files);
  if (!sources) return sources.error();
  Result<std::string> fingerprint = model_fingerprint(checkpoint);
  if (!fingerprint) return fingerprint.error();
  return SafetensorsMetadata{{"format", kConvertedFormat},
                             {"version", kConvertedVersion},
                             {"dtype", std::string(dtype_name(dtype))},
                             {"model_fingerprint", *std::move(fingerprint)},
                             {"sources", *std::move(sources)},
                             {"config", checkpoint.config().to_json()}};
}

// One tensor in its new dtype, a piece of the source at a time.
Status append_tensor(const Checkpoint& checkpoint, const TensorSpec& spec, SafetensorsWriter& writer) {
  const Result<Checkpoint::Pieces> pieces = checkpoint.pieces(spec.name);
  if (!pieces) return pieces.error();
  for (const SharedBytes& span : pieces->spans) {
    const std::size_t width = dtype_bits(pieces->dtype) / 8;
    const Tensor flat{spec.name, pieces->dtype, {static_cast<std::int64_t>(span.size() / width)}, span};
    const Result<Tensor> converted = cast_tensor(flat, spec.dtype);
    if (!converted) return converted.error();
    if (Status written = writer.append(converted->data); !written) return written;
  }
  return {};
}

}  // namespace

std::string converted_file_name(DType dtype) {
  switch (dtype) {
    case DType::kBF16: return "model.bf16.safetensors";
    case DType::kF16: return "model.fp16.safetensors";
    case DType::kF32: return "model.fp32.safetensors";
    default: throw std::logic_error("converted_file_name: not a weight dtype: " + std::string(dtype_name(dtype)));
  }
}

bool stays_float32(const WeightSpec& spec) {
  if (spec.shape.size() == 1) return true;
  const std::string_view name = spec.name;
  if (name.ends_with("pos_embed") || name.find(".cross_attn_image.") != name.npos) return true;
  constexpr std::string_view kNarrow[] = {"detector.backbone.vision_backbone.trunk.",
                                          "detector.backbone.vision_backbone.convs.0.",
                                          "detector.backbone.vision_backbone.convs.1.",
                                          "detector.backbone.vision_backbone.sam2_convs.0.",
                                          "detector.backbone.vision_backbone.sam2_convs.1.",
                                          "detector.backbone.language_backbone.encoder.transformer.",
                                          "detector.transformer.encoder.",
                                          "detector.segmentation_head.pixel_decoder."};
  return std::none_of(std::begin(kNarrow), std::end(kNarrow),
                      [&](std::string_view part) { return name.starts_with(part); });
}

Result<fs::path> convert_checkpoint(const fs::path& model_dir, DType dtype, const WriteProgress& progress) {
  const fs::path path = model_dir / converted_file_name(dtype);
  const Result<Checkpoint> checkpoint = Checkpoint::open(model_dir);
  if (!checkpoint) return checkpoint.error();
  if (checkpoint->naming() == Naming::kCanonical)
    return Error{ErrorCode::kInvalidArgument,
                 model_dir.string() + " holds a converted copy alone: convert from the original checkpoint"};
  const Result<SafetensorsMetadata> metadata = describe(*checkpoint, model_dir, dtype);
  if (!metadata) return metadata.error();
  const std::vector<TensorSpec> specs = layout(*checkpoint, dtype);
  Result<SafetensorsWriter> writer = SafetensorsWriter::create(path, specs, *metadata);
  if (!writer) return writer.error();
  std::uint64_t done = 0;
  for (const TensorSpec& spec : specs) {
    if (const Status appended = append_tensor(*checkpoint, spec, *writer); !appended) return appended.error();
    done += tensor_size_bytes(spec.dtype, spec.shape).value();
    if (progress && !progress(done, writer->data_size_bytes()))
      return Error{ErrorCode::kCancelled, "converting " + model_dir.string() + " was cancelled"};
  }
  if (const Status written = writer->commit(); !written) return written.error();
  return path;
}

Result<std::string> describe_sources(const std::vector<fs::path>& files) {
  std::string lines;
  for (const fs::path& file : files) {
    const Result<std::string> stamp = file_stamp(file);
    if (!stamp) return stamp.error();
    lines += *stamp + " " + file.filename().string() + "\n";
  }
  return lines;
}

bool sources_unchanged(const std::string& sources, const fs::path& folder, bool may_be_gone) {
  std::istringstream lines(sources);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t name_at = line.find(' ', line.find(' ') + 1) + 1;
    const std::string name = line.substr(name_at);
    if (name_at == 0 || name.empty() || name.find('/') != std::string::npos) return false;
    const Result<std::string> stamp = file_stamp(folder / name);
    if (!stamp && may_be_gone && stamp.error().code == ErrorCode::kNotFound) continue;
    if (!stamp || *stamp + " " + name != line) return false;
  }
  return true;
}

}  // namespace samcache

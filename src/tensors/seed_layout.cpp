#include "tensors/seed_layout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/text.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

constexpr const char* kInteractivePrefix = "sam2_";

bool contains(const std::vector<Tensor>& tensors, const std::string& name) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const Tensor& tensor) { return tensor.name == name; });
}

Status check_names(const std::vector<Tensor>& tensors) {
  const bool interactive = std::any_of(
      tensors.begin(), tensors.end(), [](const Tensor& tensor) { return tensor.name.starts_with(kInteractivePrefix); });
  const std::vector<std::string> names = seed_layout_names(interactive);
  for (const std::string& name : names) {
    if (!contains(tensors, name)) return Error{ErrorCode::kInvalidArgument, "there is no tensor " + name};
  }
  for (const Tensor& tensor : tensors) {
    if (std::find(names.begin(), names.end(), tensor.name) == names.end()) {
      return Error{ErrorCode::kInvalidArgument, "the layout has no tensor " + in_quotes(tensor.name)};
    }
  }
  return {};
}

std::string metadata_json(const EncodingMetadata& metadata) {
  const nlohmann::ordered_json json = {{"original_height", metadata.original_height},
                                       {"original_width", metadata.original_width},
                                       {"created_at", metadata.created_at}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Not yet published.
Result<SafetensorsWriter> write_tensors(const std::filesystem::path& path, const std::vector<Tensor>& tensors) {
  const std::vector<Tensor> in_order = in_aligned_order(tensors);
  std::vector<TensorSpec> specs;
  specs.reserve(in_order.size());
  for (const Tensor& tensor : in_order) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  Result<SafetensorsWriter> writer = SafetensorsWriter::create(path, specs, {});
  if (!writer) return writer.error();
  for (const Tensor& tensor : in_order) {
    if (Status status = writer->append(tensor.data); !status) return status.error();
  }
  return writer;
}

}  // namespace

std::vector<std::string> seed_layout_names(bool interactive) {
  std::vector<std::string> names;
  for (const std::string& prefix : {std::string(), std::string(kInteractivePrefix)}) {
    if (!prefix.empty() && !interactive) continue;
    for (const char* kind : {"backbone_fpn_", "vision_pos_enc_"}) {
      for (int level = 0; level < kSeedLayoutLevels; ++level) names.push_back(prefix + kind + std::to_string(level));
    }
  }
  return names;
}

std::filesystem::path seed_metadata_path(const std::filesystem::path& path) {
  return std::filesystem::path(path).replace_extension(".meta.json");
}

Status write_seed_layout(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
                         const EncodingMetadata& metadata) {
  const std::string what = "cannot write the seed layout " + path.string();
  if (Status status = check_names(tensors); !status) return status.error().within(what);
  Result<SafetensorsWriter> writer = write_tensors(path, tensors);
  if (!writer) return writer.error().within(what);
  const std::string json = metadata_json(metadata);
  if (Status status = write_file_atomically(seed_metadata_path(path), bytes_of(json)); !status) return status;
  return writer->commit();
}

}  // namespace samcache

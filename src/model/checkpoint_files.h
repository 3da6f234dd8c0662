// From a path to tensors: finds the weights files of a checkpoint and opens them. Private to checkpoint*.cpp and
// convert.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"
#include "tensors/safetensors.h"

namespace samcache {

struct WeightFiles {
  std::vector<std::filesystem::path> paths;
  std::uint64_t size_bytes = 0;
  std::vector<Tensor> tensors;   // names are unique
  SafetensorsMetadata metadata;  // of a single safetensors file
  std::vector<std::string> warnings;

  bool converted() const;  // a copy that convert_checkpoint wrote
};

// `path` is a folder or a weights file. kNotFound says what was looked for.
Result<WeightFiles> open_weight_files(const std::filesystem::path& path, const CheckpointOptions& options);

}  // namespace samcache

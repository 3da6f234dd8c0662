#include "model/checkpoint_files.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/mapped_file.h"
#include "base/text.h"
#include "model/convert.h"
#include "tensors/pt_file.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kMaxIndexBytes = 16u << 20;
constexpr std::size_t kMaxShards = 1000;
constexpr const char* kIndexSuffix = ".index.json";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_pt(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".pt" || extension == ".pth" || extension == ".bin" || extension == ".ckpt";
}

Status add_size(const fs::path& path, WeightFiles& files) {
  std::error_code failed;
  const std::uintmax_t size = fs::file_size(path, failed);
  if (failed) return errno_error("stat " + path.string(), failed.value());
  files.size_bytes += size;
  files.paths.push_back(path);
  return {};
}

Result<WeightFiles> open_pt_file(const fs::path& path) {
  Result<std::vector<Tensor>> tensors = open_pt(path);
  if (!tensors) return tensors.error();
  WeightFiles files;
  files.tensors = *std::move(tensors);
  if (const Status sized = add_size(path, files); !sized) return sized.error();
  return files;
}

Result<WeightFiles> open_safetensors(const fs::path& path) {
  const Result<SafetensorsFile> file = SafetensorsFile::open(path, SafetensorsLimits::for_checkpoints());
  if (!file) return file.error();
  WeightFiles files;
  files.tensors = file->tensors();
  files.metadata = file->metadata();
  if (const Status sized = add_size(path, files); !sized) return sized.error();
  return files;
}

// {"weight_map": {"tensor name": "model-00001-of-00002.safetensors", …}}: the set of shards beside the index.
Result<std::vector<std::pair<std::string, std::string>>> read_weight_map(const fs::path& index) {
  const Result<SharedBytes> text = read_file(index, kMaxIndexBytes);
  if (!text) return text.error();
  const Json document = Json::parse(text_of(*text), nullptr, /*allow_exceptions=*/false);
  const Error malformed{ErrorCode::kCorrupt, index.string() + " has no weight_map of tensor names and file names"};
  if (!document.is_object() || !document.contains("weight_map") || !document["weight_map"].is_object())
    return malformed;
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, file] : document["weight_map"].items()) {
    if (!file.is_string()) return malformed;
    const std::string shard = file.get<std::string>();
    if (shard.empty() || shard.find('/') != std::string::npos || shard.find('\0') != std::string::npos)
      return Error{ErrorCode::kCorrupt,
                   index.string() + " names a shard that is not a file beside it: " + in_quotes(shard)};
    result.emplace_back(name, shard);
  }
  return result;
}

Result<WeightFiles> open_shards(const fs::path& index) {
  const auto weight_map = read_weight_map(index);
  if (!weight_map) return weight_map.error();
  std::set<std::string> shards;
  for (const auto& [name, shard] : *weight_map) shards.insert(shard);
  if (shards.size() > kMaxShards) return Error{ErrorCode::kTooLarge, index.string() + " names over 1000 shards"};
  WeightFiles files;
  std::set<std::string> names;
  for (const std::string& shard : shards) {
    Result<WeightFiles> part = open_safetensors(index.parent_path() / shard);
    if (!part) return part.error();
    for (Tensor& tensor : part->tensors) {
      if (!names.insert(tensor.name).second)
        return Error{ErrorCode::kCorrupt, index.string() + ": two shards hold " + in_quotes(tensor.name)};
      files.tensors.push_back(std::move(tensor));
    }
    files.paths.push_back(part->paths.front());
    files.size_bytes += part->size_bytes;
  }
  for (const auto& [name, shard] : *weight_map)
    if (!names.contains(name))
      return Error{ErrorCode::kCorrupt, index.string() + " promises " + in_quotes(name) + " in " + shard +
                                            ", which does not hold it: fetch that file again"};
  return files;
}

Result<WeightFiles> open_file(const fs::path& path) {
  if (is_pt(path)) return open_pt_file(path);
  if (path.filename().string().ends_with(kIndexSuffix)) return open_shards(path);
  return open_safetensors(path);
}

// The original weights in a folder; an empty path when there are none.
Result<fs::path> find_original(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "model.safetensors.index.json", "sam3.pt"})
    if (is_there(folder / name)) return folder / name;
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed))
    if (entry->path().extension() == ".pt") found.push_back(entry->path());
  if (failed) return errno_error("list " + folder.string(), failed.value());
  if (found.size() > 1)
    return Error{ErrorCode::kInvalidArgument, folder.string() + " holds several .pt files: name the one you mean"};
  return found.empty() ? fs::path() : found.front();
}

// The converted copy of this dtype if it is there, whole and made from what is beside it; else a warning in `warnings`
// unless it is simply absent.
std::optional<WeightFiles> open_fresh_copy(const fs::path& folder, DType dtype, bool original_is_gone,
                                           std::vector<std::string>& warnings) {
  const fs::path path = folder / converted_file_name(dtype);
  if (!is_there(path)) return std::nullopt;
  Result<WeightFiles> files = open_safetensors(path);
  if (!files) {
    warnings.push_back("ignored a converted copy: " + files.error().message);
  } else if (!files->converted()) {
    warnings.push_back("ignored " + path.string() + ": not a copy that `samcache model convert` wrote");
  } else if (!sources_unchanged(files->metadata["sources"], folder, original_is_gone)) {
    warnings.push_back("ignored " + path.string() +
                       ": the checkpoint or config.json has changed since; run `samcache model convert` again");
  } else {
    return *std::move(files);
  }
  return std::nullopt;
}

}  // namespace

bool WeightFiles::converted() const {
  const auto has = [&](const char* key, const char* value) {
    const auto found = metadata.find(key);
    return found != metadata.end() && found->second == value;
  };
  return has("format", kConvertedFormat) && has("version", kConvertedVersion);
}

Result<WeightFiles> open_weight_files(const fs::path& path, const CheckpointOptions& options) {
  std::error_code ignored;
  if (!is_there(path)) return Error{ErrorCode::kNotFound, "no model at " + path.string()};
  if (!fs::is_directory(path, ignored)) return open_file(path);

  const Result<fs::path> original = find_original(path);
  if (!original) return original.error();
  std::vector<DType> copies;
  if (options.converted_dtype) copies.push_back(*options.converted_dtype);
  if (original->empty()) copies.insert(copies.end(), {DType::kBF16, DType::kF16, DType::kF32});
  std::vector<std::string> warnings;
  for (const DType dtype : copies) {
    std::optional<WeightFiles> copy = open_fresh_copy(path, dtype, original->empty(), warnings);
    if (!copy) continue;
    copy->warnings = std::move(warnings);
    return *std::move(copy);
  }
  if (original->empty())
    return Error{ErrorCode::kNotFound, path.string() +
                                           " holds no checkpoint: looked for model.safetensors, "
                                           "model.safetensors.index.json and sam3.pt" +
                                           (warnings.empty() ? "" : "; " + warnings.front())};
  Result<WeightFiles> files = open_file(*original);
  if (files) files->warnings = std::move(warnings);
  return files;
}

}  // namespace samcache

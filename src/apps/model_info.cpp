#include "apps/model_info.h"

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "apps/common_options.h"
#include "model/checkpoint.h"
#include "model/convert.h"
#include "model/fingerprint.h"
#include "model/tokenizer/tokenizer.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json json_of_config(const Checkpoint& checkpoint) {
  const Sam3Config& config = checkpoint.config();
  return {{"from_file", checkpoint.has_config_file()},
          {"image_size", config.vit.image_size},
          {"patch", config.vit.patch},
          {"grid", config.grid()},
          {"hidden", config.vit.hidden},
          {"layers", config.vit.layers},
          {"heads", config.vit.heads},
          {"mlp", config.vit.mlp},
          {"window", config.vit.window},
          {"global_blocks", config.vit.global_blocks},
          {"fpn_width", config.fpn_width},
          {"low_res_mask_size", config.low_res_mask_size()},
          {"queries", config.queries}};
}

// The converted copies in a model directory, and whether the checkpoint changed since they were made.
Json converted_copies(const fs::path& folder, bool originals_are_gone) {
  Json copies = Json::array();
  for (const DType dtype : std::array{DType::kBF16, DType::kF16, DType::kF32}) {
    const fs::path path = folder / converted_file_name(dtype);
    std::error_code code;
    if (!fs::exists(path, code)) continue;
    Json copy = {{"file", path.filename().string()}, {"dtype", float_type_name(dtype)}};
    const std::uintmax_t size = fs::file_size(path, code);
    copy["size_bytes"] = code ? 0 : size;
    const Result<SafetensorsFile> file = SafetensorsFile::open(path, SafetensorsLimits::for_checkpoints());
    if (!file) {
      copy["state"] = "damaged: " + file.error().message;
    } else {
      const auto sources = file->metadata().find("sources");
      const bool fresh =
          sources != file->metadata().end() && sources_unchanged(sources->second, folder, originals_are_gone);
      copy["state"] = fresh ? "current" : "stale";
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

// Whether texts can be asked for, or what is in the way.
Json tokenizer_of(const fs::path& model) {
  const Result<Tokenizer> tokenizer = Tokenizer::load(model);
  if (!tokenizer) return {{"tokens", 0}, {"problem", tokenizer.error().message}};
  return {{"tokens", tokenizer->vocabulary_size()}};
}

std::string joined(const Json& names, std::size_t at_most) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < at_most; ++i) {
    text += (i == 0 ? "" : ", ") + names[i].get<std::string>();
  }
  if (names.size() > at_most) text += ", … (--json lists all)";
  return text;
}

}  // namespace

Result<Json> describe_model(const fs::path& path) {
  const Result<Checkpoint> checkpoint = Checkpoint::open(path);
  if (!checkpoint) return checkpoint.error();
  const Result<std::string> fingerprint = model_fingerprint(*checkpoint);
  if (!fingerprint) return fingerprint.error();
  Json files = Json::array();
  for (const fs::path& file : checkpoint->source_files()) files.push_back(file.filename().string());
  Json dtypes = Json::object();
  for (const auto& [dtype, count] : checkpoint->dtypes()) dtypes[std::string(dtype_name(dtype))] = count;
  std::error_code code;
  const fs::path folder = fs::is_directory(path, code) ? path : path.parent_path();
  return Json{{"path", path.string()},
              {"naming", naming_name(checkpoint->naming())},
              {"files", std::move(files)},
              {"size_bytes", checkpoint->size_bytes()},
              {"tensors", checkpoint->tensor_count()},
              {"parameters", checkpoint->parameter_count()},
              {"dtypes", std::move(dtypes)},
              {"fingerprint", *fingerprint},
              {"config", json_of_config(*checkpoint)},
              // Open refuses a checkpoint that lacks a tensor the image model uses, or holds one it does not know.
              {"missing", Json::array()},
              {"unknown", Json::array()},
              {"missing_unused", checkpoint->missing_unused()},
              {"present_unused", checkpoint->present_unused()},
              {"converted", converted_copies(folder, checkpoint->naming() == Naming::kCanonical)},
              {"tokenizer", tokenizer_of(path)},
              {"warnings", checkpoint->warnings()}};
}

std::string model_text(const Json& description) {
  constexpr std::size_t kNamesShown = 3;
  const Json& config = description["config"];
  std::ostringstream text;
  text << description["path"].get<std::string>() << "\n  " << description["naming"].get<std::string>() << " naming, "
       << description["tensors"] << " tensors, " << description["parameters"] << " parameters, "
       << description["size_bytes"] << " bytes in " << joined(description["files"], kNamesShown) << "\n  types:";
  for (const auto& [name, count] : description["dtypes"].items()) text << " " << name << " x " << count;
  text << "\n  fingerprint " << description["fingerprint"].get<std::string>() << "\n  image " << config["image_size"]
       << " px, patch " << config["patch"] << ", grid " << config["grid"] << "; ViT " << config["layers"]
       << " blocks of " << config["hidden"] << ", " << config["heads"] << " heads, window " << config["window"]
       << "; masks " << config["low_res_mask_size"] << " px\n  missing: none; unknown: none\n";
  for (const auto& [key, label] : {std::pair{"missing_unused", "not there, and not needed for images"},
                                   std::pair{"present_unused", "there, and not needed for images"}}) {
    const Json& names = description[key];
    text << "  " << names.size() << " tensors " << label << (names.empty() ? "" : ": " + joined(names, kNamesShown))
         << "\n";
  }
  for (const Json& copy : description["converted"]) {
    text << "  converted copy " << copy["file"].get<std::string>() << ", " << copy["size_bytes"] << " bytes, "
         << copy["state"].get<std::string>() << "\n";
  }
  const Json& tokenizer = description["tokenizer"];
  if (tokenizer.contains("problem")) {
    text << "  no texts can be asked for: " << tokenizer["problem"].get<std::string>() << "\n";
  } else {
    text << "  tokenizer of " << tokenizer["tokens"] << " tokens\n";
  }
  for (const Json& warning : description["warnings"]) text << "  warning: " << warning.get<std::string>() << "\n";
  return text.str();
}

}  // namespace samcache

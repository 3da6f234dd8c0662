// samcache export-onnx
#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/command.h"
#include "apps/console.h"
#include "apps/demo_model.h"
#include "apps/interrupt.h"
#include "apps/progress_bar.h"
#include "base/text.h"
#include "model/fingerprint.h"
#include "onnx/export.h"

namespace samcache {
namespace {

constexpr const char* kAllParts = "all";

struct ExportOptions {
  std::vector<std::string> parts;
  std::string dtype = "fp32";
  std::string out;
  bool external_data = false;
  bool json = false;
};

Result<DType> parse_export_type(const std::string& text) {
  if (text == "fp32") return DType::kF32;
  if (text == "fp16") return DType::kF16;
  return Error{ErrorCode::kInvalidArgument, "unknown type " + in_quotes(text) + ": ONNX files are fp32 or fp16"};
}

// In the order asked for, each once.
Result<std::vector<OnnxPart>> parse_parts(const std::vector<std::string>& names) {
  std::vector<OnnxPart> parts;
  const auto add = [&parts](OnnxPart part) {
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  };
  for (const std::string& name : names) {
    if (name == kAllParts) {
      for (const OnnxPart part : onnx_parts()) add(part);
      continue;
    }
    const Result<OnnxPart> part = parse_onnx_part(name);
    if (!part) return Error{part.error().code, part.error().message + "; " + kAllParts + " means every one"};
    add(*part);
  }
  return parts;
}

struct ExportedPart {
  OnnxPart part;
  OnnxFiles files;
};

std::string report(const std::vector<ExportedPart>& exported, const ExportOptions& options,
                   const std::string& fingerprint) {
  if (!options.json) {
    std::string lines;
    for (const ExportedPart& one : exported) {
      lines += one.files.model.string() + " " + std::to_string(one.files.model_bytes) + " bytes\n";
      if (one.files.data.empty()) continue;
      lines += one.files.data.string() + " " + std::to_string(one.files.data_bytes) + " bytes\n";
    }
    return lines;
  }
  nlohmann::ordered_json document = {{"model_fingerprint", fingerprint}, {"dtype", options.dtype}};
  document["files"] = nlohmann::ordered_json::array();
  for (const ExportedPart& one : exported) {
    nlohmann::ordered_json file = {
        {"part", onnx_part_name(one.part)}, {"file", one.files.model.string()}, {"size_bytes", one.files.model_bytes}};
    if (!one.files.data.empty()) {
      file["data_file"] = one.files.data.string();
      file["data_size_bytes"] = one.files.data_bytes;
    }
    document["files"].push_back(std::move(file));
  }
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// That there is no such folder is a failure of the export: what was asked for, the model, has been found.
Error write_failure(const Error& error) {
  return error.code == ErrorCode::kNotFound ? Error{ErrorCode::kIo, error.message} : as_failure(error);
}

Status run_export(const ExportOptions& options, const CommonOptions& common) {
  const Result<std::vector<OnnxPart>> parts = parse_parts(options.parts);
  if (!parts) return parts.error();
  const Result<DType> dtype = parse_export_type(options.dtype);
  if (!dtype) return dtype.error();
  const Result<std::filesystem::path> model = model_or_demo(common.model);
  if (!model) return model.error();
  const Result<Checkpoint> checkpoint = Checkpoint::open(*model);
  if (!checkpoint) return as_failure(checkpoint.error());
  for (const std::string& warning : checkpoint->warnings()) print_warning(warning);
  const Result<std::string> fingerprint = model_fingerprint(*checkpoint, common.threads);
  if (!fingerprint) return as_failure(fingerprint.error());

  OnnxExportOptions settings;
  settings.dtype = *dtype;
  settings.external_data = options.external_data;
  settings.model = (model->has_filename() ? *model : model->parent_path()).filename().string();
  settings.fingerprint = *fingerprint;
  ProgressBar bar;
  std::vector<ExportedPart> exported;
  for (const OnnxPart part : *parts) {
    settings.progress = [&bar, part](std::uint64_t done_bytes, std::uint64_t total_bytes) {
      bar.show(static_cast<double>(done_bytes) / static_cast<double>(std::max<std::uint64_t>(total_bytes, 1)),
               std::string("writing ") + onnx_part_name(part));
      return !interrupted();
    };
    Result<OnnxFiles> files = export_onnx(*checkpoint, part, options.out, settings);
    bar.clear();
    if (!files) return write_failure(files.error());
    exported.push_back({part, std::move(*files)});
  }
  return write_stdout(report(exported, options, *fingerprint));
}

std::string part_list() {
  std::string names;
  for (const OnnxPart part : onnx_parts()) names += (names.empty() ? "" : ", ") + std::string(onnx_part_name(part));
  return names;
}

}  // namespace

void add_export_onnx_command(const CommandContext& context) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command =
      context.app.add_subcommand("export-onnx", "Write the model as ONNX files, for browsers and other runtimes");
  command->add_option("--part", options->parts, "What to write, several with commas: " + part_list() + ", or all")
      ->required()
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("PART");
  command->add_option("--dtype", options->dtype, "fp32 or fp16")->type_name("TYPE")->capture_default_str();
  command->add_option("--out", options->out, "Folder for the files")->required()->type_name("DIR");
  command->add_flag("--external-data", options->external_data,
                    "Put the weights into a file beside the model, PART.onnx_data; so are those over 2 GB anyway");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->footer(std::string(kCommonOptionsHelp) + "\nInputs and outputs of each part are described in docs/onnx.md.");
  command->callback([options, &common = context.common, &run = context.run] {
    run = [options, &common] { return exit_code_of(run_export(*options, common)); };
  });
}

}  // namespace samcache

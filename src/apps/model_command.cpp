// samcache model info|init|convert
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <system_error>

#include "apps/command.h"
#include "apps/console.h"
#include "apps/demo_model.h"
#include "apps/interrupt.h"
#include "apps/model_info.h"
#include "apps/progress_bar.h"
#include "base/text.h"
#include "model/convert.h"
#include "model/weight_init.h"

namespace samcache {
namespace {

struct InfoOptions {
  std::string model;  // empty: the one that every command would take
  bool json = false;
};

struct InitOptions {
  std::string config;  // a file, or "released"
  std::string out;
  std::string naming = "hf";
  std::string dtype = "fp32";
  bool force = false;
};

struct ConvertOptions {
  std::string model;
  std::string dtype = "bf16";
};

// Draws the bar; Ctrl-C cancels.
WriteProgress progress_on(ProgressBar& bar, const std::string& label) {
  return [&bar, label](std::uint64_t done_bytes, std::uint64_t total_bytes) {
    bar.show(total_bytes == 0 ? 1.0 : static_cast<double>(done_bytes) / static_cast<double>(total_bytes), label);
    return !interrupted();
  };
}

Status run_info(const InfoOptions& options, const CommonOptions& common) {
  const Result<std::filesystem::path> model = model_or_demo(options.model.empty() ? common.model : options.model);
  if (!model) return model.error();
  const auto description = describe_model(*model);
  if (!description) return as_failure(description.error());
  using Json = nlohmann::ordered_json;
  return write_stdout(options.json ? description->dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                                   : model_text(*description));
}

Result<Naming> parse_naming(const std::string& text) {
  if (text == "hf") return Naming::kHuggingFace;
  if (text == "meta") return Naming::kMeta;
  return Error{ErrorCode::kInvalidArgument, "unknown naming " + in_quotes(text) + ": use hf or meta"};
}

// Whoever has the real weights in this folder must not lose them to random ones.
Status check_nothing_is_lost(const InitOptions& options) {
  std::error_code code;
  for (const char* name : {"model.safetensors", "config.json"}) {
    const std::filesystem::path path = std::filesystem::path(options.out) / name;
    if (options.force || !std::filesystem::exists(path, code)) continue;
    return Error{ErrorCode::kIo, path.string() + " is there already: choose another --out, or replace it with --force"};
  }
  return {};
}

Status run_init(const InitOptions& options) {
  const Result<Naming> naming = parse_naming(options.naming);
  if (!naming) return naming.error();
  const Result<DType> dtype = parse_float_type(options.dtype);
  if (!dtype) return dtype.error();
  const Result<Sam3Config> config =
      options.config == "released" ? Result<Sam3Config>(Sam3Config::released()) : read_config(options.config);
  if (!config) return as_failure(config.error());
  if (Status status = check_nothing_is_lost(options); !status) return status;
  ProgressBar bar;
  const Status written =
      init_checkpoint(*config, options.out, *naming, *dtype, progress_on(bar, "writing " + options.out));
  bar.clear();
  if (!written) return as_failure(written.error());
  return write_stdout(options.out + ": random weights, good for trying things out and nothing else\n");
}

Status run_convert(const ConvertOptions& options) {
  const Result<DType> dtype = parse_float_type(options.dtype);
  if (!dtype) return dtype.error();
  ProgressBar bar;
  const Result<std::filesystem::path> path =
      convert_checkpoint(options.model, *dtype, progress_on(bar, "converting " + options.model));
  bar.clear();
  if (!path) return as_failure(path.error());
  return write_stdout(path->string() + "\n");
}

void add_info(CLI::App& model, const CommandContext& context) {
  auto options = std::make_shared<InfoOptions>();
  CLI::App* command = model.add_subcommand("info", "What a checkpoint is: sizes, naming, tensors, fingerprint");
  command
      ->add_option("directory", options->model, "Model directory or weights file; default: --model, or the demo model")
      ->type_name("DIR");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->callback([options, &common = context.common, &run = context.run] {
    run = [options, &common] { return exit_code_of(run_info(*options, common)); };
  });
}

void add_init(CLI::App& model, Run& run) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* command = model.add_subcommand("init", "Write a checkpoint with deterministic random weights");
  // The program's own --config would be taken for this one if this one did not exist; here it names the model's sizes.
  command->add_option("--config", options->config, "config.json with the model's sizes, or the word released")
      ->required()
      ->type_name("FILE");
  command->add_option("--out", options->out, "Folder to write model.safetensors and config.json into")
      ->required()
      ->type_name("DIR");
  command->add_option("--naming", options->naming, "Tensor names: hf or meta")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--dtype", options->dtype, "fp32, bf16 or fp16")->type_name("TYPE")->capture_default_str();
  command->add_flag("--force", options->force, "Replace a checkpoint that is there");
  command->callback([options, &run] { run = [options] { return exit_code_of(run_init(*options)); }; });
}

void add_convert(CLI::App& model, Run& run) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = model.add_subcommand(
      "convert", "Keep a copy of the weights beside them that loads at once (model.bf16.safetensors)");
  command->add_option("directory", options->model, "Model directory")->required()->type_name("DIR");
  command->add_option("--dtype", options->dtype, "bf16, fp16 or fp32: the precision you compute in")
      ->type_name("TYPE")
      ->capture_default_str();
  command->callback([options, &run] { run = [options] { return exit_code_of(run_convert(*options)); }; });
}

}  // namespace

void add_model_command(const CommandContext& context) {
  CLI::App* model = context.app.add_subcommand("model", "Look into checkpoints, make and convert them");
  model->require_subcommand(1);
  add_info(*model, context);
  add_init(*model, context.run);
  add_convert(*model, context.run);
}

}  // namespace samcache

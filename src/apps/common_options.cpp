#include "apps/common_options.h"

#include <CLI/CLI.hpp>

#include "apps/demo_model.h"
#include "base/text.h"

namespace samcache {

const char* const kCommonOptionsHelp =
    "Common options: --model DIR, --data DIR, --device cpu|cuda[:n], --precision fp32|bf16|fp16, --threads N,\n"
    "--config FILE; they may stand before or after the command (see samcache --help).";

void add_common_options(CLI::App& app, CommonOptions& options) {
  app.add_option("--model", options.model,
                 "Model directory (config.json and model.safetensors or sam3.pt) or one weights file; default: the "
                 "demo model")
      ->envname("SAMCACHE_MODEL")
      ->type_name("DIR");
  app.add_option("--data", options.data, "Where encodings are kept")
      ->envname("SAMCACHE_DATA")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--device", options.device, "cpu, cuda or cuda:N")
      ->envname("SAMCACHE_DEVICE")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--precision", options.precision,
                 "Of the computation: fp32, bf16, or on CUDA fp16 (default: bf16 where the device is fast at it)")
      ->envname("SAMCACHE_PRECISION")
      ->type_name("TYPE");
  app.add_option("--threads", options.threads, "CPU threads (default: one per core)")
      ->envname("SAMCACHE_THREADS")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  app.set_config("--config", "", "Options from a TOML file: model = \"DIR\"; those of a command in its [section]")
      ->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
}

Result<EngineOptions> engine_options(const CommonOptions& options) {
  const Result<std::filesystem::path> model = model_or_demo(options.model);
  if (!model) return model.error();
  EngineOptions engine;
  engine.model = model->string();
  engine.threads = options.threads;
  const Result<Device> device = parse_device(options.device);
  if (!device) return device.error();
  engine.device = *device;
  if (!options.precision.empty()) {
    const Result<Precision> precision = parse_precision(options.precision);
    if (!precision) return precision.error();
    engine.precision = *precision;
  }
  return engine;
}

Result<DType> parse_float_type(std::string_view text) {
  if (text == "bf16") return DType::kBF16;
  if (text == "fp16") return DType::kF16;
  if (text == "fp32") return DType::kF32;
  return Error{ErrorCode::kInvalidArgument, "unknown type " + in_quotes(text) + ": use bf16, fp16 or fp32"};
}

std::string float_type_name(DType dtype) {
  switch (dtype) {
    case DType::kBF16: return "bf16";
    case DType::kF16: return "fp16";
    case DType::kF32: return "fp32";
    default: return std::string(dtype_name(dtype));
  }
}

}  // namespace samcache

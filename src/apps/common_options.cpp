#include "apps/common_options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "apps/demo_model.h"
#include "base/text.h"

namespace samcache {

const char* const kCommonOptionsHelp =
    "Common options: --model DIR, --data DIR, --store URL, --device cpu|cuda[:n], --precision fp32|bf16|fp16, "
    "--threads N,\n"
    "--config FILE; they may stand before or after the command (see samcache --help).";

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // before there are other threads
  return value == nullptr ? std::string() : std::string(value);
}

// Under the names that Azure's own tools use.
AzureSecrets azure_secrets() {
  return {.connection_string = variable("AZURE_STORAGE_CONNECTION_STRING"),
          .account_key = variable("AZURE_STORAGE_KEY"),
          .sas_token = variable("AZURE_STORAGE_SAS_TOKEN"),
          .tenant_id = variable("AZURE_TENANT_ID"),
          .client_id = variable("AZURE_CLIENT_ID"),
          .federated_token_file = variable("AZURE_FEDERATED_TOKEN_FILE"),
          .authority_host = variable("AZURE_AUTHORITY_HOST"),
          .identity_endpoint = variable("IDENTITY_ENDPOINT"),
          .identity_header = variable("IDENTITY_HEADER")};
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options) {
  options.azure = azure_secrets();
  app.add_option("--model", options.model,
                 "Model directory (config.json and model.safetensors or sam3.pt) or one weights file; default: the "
                 "demo model")
      ->envname("SAMCACHE_MODEL")
      ->type_name("DIR");
  app.add_option("--data", options.data, "Where encodings are kept")
      ->envname("SAMCACHE_DATA")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--store", options.stores,
                 "Where encodings are kept, repeatable, fastest first, the last one keeps everything: memory:4GiB, "
                 "file:///path?max=50GiB, redis://host/0, azure://account/container (default: the data folder)")
      ->envname("SAMCACHE_STORE")
      ->delimiter(' ')
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("URL");
  app.add_flag("--write-back", options.write_back,
               "A save ends when it is in the last folder before the last store; the rest is done behind")
      ->envname("SAMCACHE_WRITE_BACK");
  app.add_option("--device", options.device, "cpu, cuda or cuda:N")
      ->envname("SAMCACHE_DEVICE")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--precision", options.precision,
                 "Of the computation: fp32, bf16, or on CUDA fp16 (default: bf16 where the device is fast at it)")
      ->envname("SAMCACHE_PRECISION")
      ->type_name("TYPE");
  app.add_option("--threads", options.threads, "CPU threads (default: OMP_NUM_THREADS, else one per core)")
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

// The options that every command understands, whether they come from a flag, the configuration file or the environment.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "store/open/open_store.h"

namespace CLI {
class App;
}

namespace samcache {

struct CommonOptions {
  std::string model;                     // model directory or weights file; empty: the demo model
  std::string data = "./samcache-data";  // encodings lie under it
  std::vector<std::string> stores;       // URLs, fastest first; empty: the data folder alone
  bool write_back = false;
  AzureSecrets azure;  // from the environment
  std::string device = "cpu";
  std::string precision;  // empty: what suits the device
  int threads = 0;        // 0: OMP_NUM_THREADS, else one per core
};

// Adds --model, --data, --store, --write-back, --device, --precision, --threads and --config. Flags win over the
// configuration file, the file over the environment. `options` must outlive the parsing.
void add_common_options(CLI::App& app, CommonOptions& options);

// For the help of every command, since the options above are listed once only.
extern const char* const kCommonOptionsHelp;

// kInvalidArgument for text that is no device or precision, and when there is no model. Says so when it takes the demo
// model.
Result<EngineOptions> engine_options(const CommonOptions& options);

// "bf16", "fp16", "fp32" <-> DType; the only types encodings and converted checkpoints have.
Result<DType> parse_float_type(std::string_view text);
std::string float_type_name(DType dtype);

}  // namespace samcache

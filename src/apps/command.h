// The commands of `samcache`: each adds itself to the command line and leaves behind what to run.
//
// Parsing and running are apart: CLI11 fills the options while it parses, then `main` calls the one Run that the chosen
// command left. A Run answers with the exit code, having printed its result to stdout and its errors to stderr.
#pragma once

#include <functional>
#include <memory>

#include "apps/common_options.h"

namespace CLI {
class App;
}

namespace samcache {

using Run = std::function<int()>;

// What every command gets. `common` and `run` outlive the parsing; both are filled by it.
struct CommandContext {
  CLI::App& app;
  const CommonOptions& common;
  Run& run;
};

void add_encode_command(const CommandContext& context);
void add_segment_command(const CommandContext& context);
void add_model_command(const CommandContext& context);
void add_store_command(const CommandContext& context);
void add_export_onnx_command(const CommandContext& context);
void add_serve_command(const CommandContext& context);
void add_worker_command(const CommandContext& context);
void add_token_command(const CommandContext& context);
void add_bench_command(const CommandContext& context);

}  // namespace samcache

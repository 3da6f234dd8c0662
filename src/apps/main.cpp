// The samcache program: reads the command line, runs one command, ends with its exit code.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <memory>
#include <new>

#include "apps/build_facts.h"
#include "apps/command.h"
#include "apps/console.h"
#include "apps/interrupt.h"
#include "base/text.h"
#include "image/image_library.h"

namespace samcache {
namespace {

// An encode allocates and frees activations of tens of megabytes over and over. By default glibc maps each of them anew
// and gives it back to the kernel at once, which then zeroes every page again: a third of the run time of small blocks.
void keep_large_blocks_in_the_heap() {
  constexpr int kLargestHeapBlock = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kLargestHeapBlock);
  mallopt(M_TRIM_THRESHOLD, kLargestHeapBlock);
}

// A closed pipe and a file over its size limit are errors of the write call, to be reported like any other.
void ignore_write_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string command = "samcache";
  for (const CLI::App* chosen = &app; !chosen->get_subcommands().empty();) {
    chosen = chosen->get_subcommands().front();
    command += " " + chosen->get_name();
  }
  print_error(std::string(error.what()) + " (see " + command + " --help)");
  return kExitUsage;
}

// Of the innermost command that was named.
std::string help_of_chosen(const CLI::App& app) {
  const CLI::App* chosen = &app;
  std::string parents;
  while (!chosen->get_subcommands().empty()) {
    parents += (parents.empty() ? "" : " ") + chosen->get_name();
    chosen = chosen->get_subcommands().front();
  }
  return chosen->help(parents) + "\n";
}

// CLI11 takes the argument that follows `--name=` for its value: an empty variable in a script would swallow an option.
Status check_values(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") break;
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      return Error{ErrorCode::kInvalidArgument,
                   "no value in " + in_quotes(argument) + ": put one after the =, or leave the option out"};
    }
  }
  return {};
}

// --version, which --json makes one document.
void add_version_flag(CLI::App& app) {
  const auto as_json = std::make_shared<bool>(false);
  CLI::Option* json = app.add_flag("--json", *as_json, "With --version: as JSON")->configurable(false);
  json->needs(app.set_version_flag(
      "--version", [as_json] { return *as_json ? version_json() : version_text(); },
      "Version, commit, build and libtorch"));
}

// Help and version are exceptions to CLI11. They are printed by us, so that a full disk shows.
int run(int argc, char** argv) {
  CLI::App app("Encodes an image once with SAM 3's vision backbone, keeps the encoding, and answers prompts from it.",
               "samcache");
  CommonOptions common;
  Run command;
  add_common_options(app, common);
  add_version_flag(app);
  app.require_subcommand(1);
  app.fallthrough();  // lets --model and the like stand after the command, too
  const CommandContext context{app, common, command};
  add_encode_command(context);
  add_segment_command(context);
  add_model_command(context);
  add_store_command(context);
  add_export_onnx_command(context);
  add_serve_command(context);
  add_worker_command(context);
  add_token_command(context);
  add_bench_command(context);
  app.footer(
      "Flags win over the configuration file, the file over the environment: SAMCACHE_MODEL, SAMCACHE_DATA,\n"
      "SAMCACHE_STORE, SAMCACHE_WRITE_BACK, SAMCACHE_DEVICE, SAMCACHE_PRECISION, SAMCACHE_THREADS.\n"
      "Exit codes: 0 done, 1 failed, 2 bad usage, 3 not found. Every error is one line on stderr.\n"
      "First steps: samcache encode photo.jpg; samcache segment photo.jpg --point 120,80 --out result");
  if (Status status = check_values(argc, argv); !status) return exit_code_of(status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return exit_code_of(write_stdout(help_of_chosen(app)));
  } catch (const CLI::CallForVersion& version) {
    return exit_code_of(write_stdout(std::string(version.what()) + "\n"));
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error);
  }
  const ImageLibrary image_library;
  return command();
}

// The first line: libtorch's messages go on with a stack trace.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace
}  // namespace samcache

int main(int argc, char** argv) {
  samcache::keep_large_blocks_in_the_heap();
  samcache::ignore_write_signals();
  samcache::catch_interrupts();
  try {
    return samcache::run(argc, argv);
  } catch (const std::bad_alloc&) {
    samcache::print_error("out of memory: free some, or compute in bf16 (--precision bf16)");
  } catch (const std::exception& error) {
    samcache::print_error("internal error: " + samcache::first_line(error.what()));
  }
  return samcache::kExitFailed;
}

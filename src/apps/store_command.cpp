// samcache store ls|stats|get|put|rm|verify|gc|warm
#include <CLI/CLI.hpp>

#include "apps/command.h"
#include "apps/console.h"
#include "apps/store_actions.h"

namespace samcache {
namespace {

// Gives a subcommand its options and what it runs; `act` is called with them, parsed, and the common ones.
template <class Options>
std::shared_ptr<Options> add_action(CLI::App& command, const CommandContext& context,
                                    Status (*act)(const Options&, StoredEncodings&, const CommonOptions&)) {
  auto options = std::make_shared<Options>();
  command.callback([options, act, &common = context.common, &run = context.run] {
    run = [options, act, &common] {
      StoredEncodings stored(common);
      return exit_code_of(act(*options, stored, common));
    };
  });
  return options;
}

void add_json(CLI::App& command, bool& json) { command.add_flag("--json", json, "Print one JSON document"); }

void add_ids(CLI::App& command, std::vector<std::string>& ids, const char* help) {
  command.add_option("ids", ids, help)->type_name("ID");
}

void add_profile(CLI::App& command, std::string& profile, const char* help) {
  command.add_option("--profile", profile, help)->type_name("NAME");
}

void add_ls(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("ls", "What is stored");
  const auto options = add_action(*command, context, list_stored);
  add_ids(*command, options->ids, "Only these images (ids, or at least 8 digits of them)");
  add_json(*command, options->json);
}

void add_stats(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("stats", "How full each store is");
  const auto options = add_action(*command, context, print_store_stats);
  add_json(*command, options->json);
}

void add_get(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("get", "Write one encoding to a file");
  const auto options = add_action(*command, context, get_stored);
  command->add_option("id", options->id, "The image")->required()->type_name("ID");
  add_profile(*command, options->profile, "trunk (default), interactive or detector; what is not stored is derived");
  command->add_option("--out", options->out, "File to write")->required()->type_name("FILE");
  command
      ->add_option("--layout", options->layout,
                   "samcache, or seed: all levels and position encodings under the names of the first design, with a "
                   ".meta.json beside it")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--encoding-dtype", options->dtype, "bf16, fp16 or fp32 (default: as stored)")->type_name("TYPE");
}

void add_put(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("put", "Check encoding files and keep them");
  const auto options = add_action(*command, context, put_files);
  command->add_option("files", options->files, "Encoding files")->required()->type_name("FILE");
  add_json(*command, options->json);
}

void add_rm(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("rm", "Remove the encodings of images from every store");
  const auto options = add_action(*command, context, remove_stored);
  add_ids(*command, options->ids, "The images");
  command->get_option("ids")->required();
  add_profile(*command, options->profile, "Only this one (default: all)");
}

void add_verify(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("verify", "Read everything and compare it with its digests");
  const auto options = add_action(*command, context, verify_stored);
  add_json(*command, options->json);
  command->footer(
      "What is damaged is put aside, so that it is made anew when it is wanted. Exit code 1 if there was any.");
}

void add_gc(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("gc", "Remove what is of no use any more");
  const auto options = add_action(*command, context, collect_garbage);
  command->add_flag("--other-models", options->other_models, "Encodings made by other models than --model");
  command->add_option("--older-than", options->older_than_days, "Encodings saved more than N days ago")
      ->check(CLI::Range(1, 100000))
      ->type_name("N");
  command->add_flag("--dry-run", options->dry_run, "Say what would go, and remove nothing");
  add_json(*command, options->json);
}

void add_warm(CLI::App& store, const CommandContext& context) {
  CLI::App* command = store.add_subcommand("warm", "Bring encodings to the fast stores");
  const auto options = add_action(*command, context, warm_stored);
  add_ids(*command, options->ids, "The images (default: all)");
  add_profile(*command, options->profile, "Only this one (default: all that are stored)");
  add_json(*command, options->json);
}

}  // namespace

void add_store_command(const CommandContext& context) {
  CLI::App* store = context.app.add_subcommand("store", "Look into the stores of encodings and look after them");
  store->require_subcommand(1);
  store->footer(kCommonOptionsHelp);
  add_ls(*store, context);
  add_stats(*store, context);
  add_get(*store, context);
  add_put(*store, context);
  add_rm(*store, context);
  add_verify(*store, context);
  add_gc(*store, context);
  add_warm(*store, context);
}

}  // namespace samcache

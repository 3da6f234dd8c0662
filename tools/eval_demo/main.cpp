// Judges a model on procedural scenes: a table for the model card, JSON, a contact sheet.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/atomic_file.h"
#include "eval_demo/contact_sheet.h"
#include "eval_demo/report.h"
#include "eval_demo/scene_set.h"
#include "image/encode.h"
#include "image/image_library.h"

namespace samcache::eval {
namespace {

struct Options {
  EngineOptions engine;
  std::string precision;
  int scenes = kScenes;
  int first_scene = 0;
  std::filesystem::path json_file, sheet_file;
};

Status write_sheet(const Engine& engine, const std::filesystem::path& file) {
  const ImageLibrary image_library;
  const Result<RgbImage> sheet = contact_sheet(engine);
  if (!sheet) return sheet.error();
  const Result<std::vector<std::byte>> jpeg = encode_jpeg(*sheet, 88);
  if (!jpeg) return jpeg.error();
  return write_file_atomically(file, *jpeg);
}

// -> whether every figure is what it should be
Result<bool> run(const Options& options) {
  const Result<std::unique_ptr<Engine>> engine = Engine::load(options.engine);
  if (!engine) return engine.error();
  if (!options.sheet_file.empty()) {
    if (Status written = write_sheet(**engine, options.sheet_file); !written) return written.error();
  }
  Scores scores;
  for (int number = options.first_scene; number < options.first_scene + options.scenes; ++number) {
    const auto seed = static_cast<std::uint64_t>(number);
    if (Status added = evaluate_scene(**engine, scene_of_set(number), seed, scores); !added) return added.error();
  }
  std::printf("%d scenes, %zu objects\n\n%s", options.scenes, scores.box.size(), table(scores).c_str());
  if (!options.json_file.empty()) {
    const std::string document = json(scores, (*engine)->info());
    if (Status written = write_file_atomically(options.json_file, bytes_of(document)); !written) return written.error();
  }
  const std::string lacking = shortfalls(scores);
  std::fprintf(stderr, "%s", lacking.c_str());
  return lacking.empty();
}

}  // namespace
}  // namespace samcache::eval

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);  // as the samcache program does
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  samcache::eval::Options options;
  CLI::App app{
      "Judges a model on procedural scenes that none was trained on.\n"
      "Exit code 0: every figure is what the demo model must reach; 1: some are not, or it failed.",
      "eval_demo"};
  app.add_option("--model", options.engine.model, "Model directory")->required();
  app.add_option("--scenes", options.scenes, "How many scenes")->check(CLI::Range(1, 1000000))->capture_default_str();
  app.add_option("--first-scene", options.first_scene,
                 "Number of the first, to choose by other scenes than are reported")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  app.add_option("--precision", options.precision, "fp32, bf16 or fp16 (default: what suits the device)");
  app.add_option("--threads", options.engine.threads, "CPU threads (default: one per core)");
  app.add_option("--json", options.json_file, "File for the figures as JSON");
  app.add_option("--sheet", options.sheet_file, "File for a contact sheet of 16 scenes with masks (JPEG)");
  CLI11_PARSE(app, argc, argv);
  try {
    if (!options.precision.empty()) options.engine.precision = samcache::parse_precision(options.precision).value();
    const samcache::Result<bool> good = samcache::eval::run(options);
    if (!good) std::fprintf(stderr, "eval_demo: %s\n", good.error().message.c_str());
    return good && *good ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "eval_demo: %s\n", e.what());
    return 1;
  }
}

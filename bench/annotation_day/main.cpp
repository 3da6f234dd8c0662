// Replays a day of annotation with several caching strategies side by side.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "annotation_day/replay_report.h"

namespace samcache::annotation_day {
namespace {

void add_options(CLI::App& app, ReplayOptions& options) {
  const auto positive = CLI::Range(1, 1'000'000);
  const auto share = CLI::Range(0.0, 1.0);
  DayOptions& day = options.day;
  app.add_option("--annotators", day.annotators, "People who annotate")->check(positive)->capture_default_str();
  app.add_option("--images", day.images_each, "Images of each")->check(positive)->capture_default_str();
  app.add_option("--task", day.images_a_task, "Images of a task")->check(positive)->capture_default_str();
  app.add_option("--reviewed", day.review_share, "Share of the images that a colleague reviews later")
      ->check(share)
      ->capture_default_str();
  app.add_option("--look-back", day.look_back_share, "Share of openings followed by one of an earlier image")
      ->check(share)
      ->capture_default_str();
  app.add_option("--look-ahead", day.look_ahead_share, "Share of openings followed by one further on")
      ->check(share)
      ->capture_default_str();
  app.add_option("--encodes", options.encodes_per_opening, "Images that background work encodes, per opening")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  app.add_option("--room", options.fast_objects, "Encodings that fit into memory")
      ->check(positive)
      ->capture_default_str();
  app.add_option("--ahead", options.ahead, "Prefetched ahead")->check(CLI::Range(0, 1000))->capture_default_str();
  app.add_option("--behind", options.behind, "Kept behind")->check(CLI::Range(0, 1000))->capture_default_str();
  app.add_option("--seed", day.seed, "Another day")->capture_default_str();
}

Status run(const ReplayOptions& options, bool as_json) {
  Replays replays;
  for (const Strategy& strategy : all_strategies()) {
    const Result<ReplayResult> result = replay_day(options, strategy);
    if (!result) return result.error().within(strategy.name);
    replays.emplace_back(strategy, *result);
  }
  std::fputs((as_json ? json(options, replays) : table(replays)).c_str(), stdout);
  return {};
}

}  // namespace
}  // namespace samcache::annotation_day

int main(int argc, char** argv) {
  samcache::annotation_day::ReplayOptions options;
  bool as_json = false;
  CLI::App app{
      "Replays a day of annotation over the real tiered store: how many image openings need not wait for the remote\n"
      "store, with what samcache does and with what it could do instead.",
      "annotation_day"};
  samcache::annotation_day::add_options(app, options);
  app.add_flag("--json", as_json, "Print JSON");
  CLI11_PARSE(app, argc, argv);
  try {
    const samcache::Status done = samcache::annotation_day::run(options, as_json);
    if (!done) std::fprintf(stderr, "annotation_day: %s\n", done.error().message.c_str());
    return done ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "annotation_day: %s\n", e.what());
    return 1;
  }
}

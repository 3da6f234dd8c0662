#include "annotation_day/replay_report.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace samcache::annotation_day {
namespace {

constexpr double kObjectMib = 10.1;  // a trunk in bf16, which is what is persisted
constexpr double kMibPerGib = 1024;

double read_gib(const ReplayResult& result) {
  return static_cast<double>(result.remote_reads) * kObjectMib / kMibPerGib;
}

std::string line(const Strategy& strategy, const ReplayResult& result) {
  char text[256];
  std::snprintf(text, sizeof text, "| %-42s | %8llu | %7.2f %% | %8llu | %8.1f | %9llu |\n", strategy.name.c_str(),
                static_cast<unsigned long long>(result.openings), 100 * result.fast_share(),
                static_cast<unsigned long long>(result.remote_reads), read_gib(result),
                static_cast<unsigned long long>(result.evictions));
  return text;
}

}  // namespace

std::string table(const Replays& replays) {
  std::string text =
      "| strategy                                   | openings | fast      | remote r. | GiB read | evictions |\n"
      "|---|---:|---:|---:|---:|---:|\n";
  for (const auto& [strategy, result] : replays) text += line(strategy, result);
  return text;
}

std::string json(const ReplayOptions& options, const Replays& replays) {
  nlohmann::ordered_json document;
  document["annotators"] = options.day.annotators;
  document["images_each"] = options.day.images_each;
  document["images_a_task"] = options.day.images_a_task;
  document["review_share"] = options.day.review_share;
  document["look_back_share"] = options.day.look_back_share;
  document["look_ahead_share"] = options.day.look_ahead_share;
  document["seed"] = options.day.seed;
  document["fast_objects"] = options.fast_objects;
  document["encodes_per_opening"] = options.encodes_per_opening;
  document["ahead"] = options.ahead;
  document["behind"] = options.behind;
  document["strategies"] = nlohmann::ordered_json::array();
  for (const auto& [strategy, result] : replays) {
    document["strategies"].push_back({{"name", strategy.name},
                                      {"prefetch", strategy.prefetch},
                                      {"background_admitted", strategy.background == Admission::kEverywhere},
                                      {"openings", result.openings},
                                      {"served_fast", result.served_fast},
                                      {"fast_share", result.fast_share()},
                                      {"remote_reads", result.remote_reads},
                                      {"read_gib", read_gib(result)},
                                      {"evictions", result.evictions},
                                      {"encodes", result.encodes},
                                      {"seconds", result.seconds}});
  }
  return document.dump(2) + "\n";
}

}  // namespace samcache::annotation_day

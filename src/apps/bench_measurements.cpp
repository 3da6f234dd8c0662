#include "apps/bench_measurements.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "apps/bench_concepts.h"
#include "base/clock.h"
#include "engine/machine_limits.h"
#include "image/digest.h"

namespace samcache {
namespace {

constexpr double kMiB = 1 << 20;

// What the project promises for the released sizes on two cores (see docs and the README of bench/results).
constexpr double kWantedModelLoadMs = 2000;
constexpr double kWantedClickMs = 80;
constexpr double kWantedPeakMiB = 4e9 / kMiB;

// The kernel's record of this process's largest resident size, in MiB; 0 where there is none.
double peak_resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

// Lets the record start again from the present size. Where that is not allowed the record is of the whole run.
void reset_peak_resident() { std::ofstream("/proc/self/clear_refs") << "5"; }

// One run of all measurements; each adds its rows to the report.
class Bench {
 public:
  Bench(const RgbImage& image, const BenchOptions& options, const BenchHook& hook)
      : image_(image), options_(options), hook_(hook) {}

  Result<BenchReport> run() {
    for (const auto& measure : {&Bench::measure_model_load, &Bench::measure_encode, &Bench::measure_derive,
                                &Bench::measure_prepare, &Bench::measure_click, &Bench::measure_concepts}) {
      if (Status status = (this->*measure)(); !status) return status.error();
    }
    report_.engine = engine_->info();
    report_.image_width = image_.width;
    report_.image_height = image_.height;
    return std::move(report_);
  }

 private:
  static constexpr int kSteps = 7;

  Status next_step(const std::string& step) {
    if (hook_(step_++, kSteps, step)) return {};
    return Error{ErrorCode::kCancelled, "the measurements were cancelled"};
  }

  void add(Measurement measurement) { report_.measurements.push_back(std::move(measurement)); }

  Status measure_model_load() {
    if (Status status = next_step("reading the model"); !status) return status;
    Result<std::unique_ptr<Engine>> warm_up = Engine::load(options_.engine);
    if (!warm_up) return warm_up.error();
    warm_up->reset();
    if (Status status = next_step("loading the model"); !status) return status;
    const Stopwatch stopwatch;
    Result<std::unique_ptr<Engine>> loaded = Engine::load(options_.engine);
    if (!loaded) return loaded.error();
    add({"model_load", stopwatch.elapsed_ms(), "ms", kWantedModelLoadMs,
         "files in the page cache; limit: wanted with a converted copy"});
    engine_ = std::move(*loaded);
    return {};
  }

  Status measure_encode() {
    const ImageIdentity identity{.sha256 = sha256_hex(std::as_bytes(std::span(image_.pixels))), .id = {}};
    const std::vector<Profile> trunk_only = {Profile::kTrunk};
    std::vector<double> encode_ms;
    std::vector<double> limit_ms;
    double peak_mib = 0;
    if (Status status = next_step("encoding"); !status) return status;
    for (int round = 0; round < options_.rounds; ++round) {
      rate_ = measure_matrix_rate(engine_->info(), kRateRounds);
      limit_ms.push_back(trunk_operations(engine_->info().config) / rate_ * kMsPerSecond);
      reset_peak_resident();
      const Stopwatch stopwatch;
      Result<std::vector<Encoding>> made =
          engine_->encode(image_, identity, trunk_only, [&](int, int) { return hook_(step_ - 1, kSteps, "encoding"); });
      if (!made) return made.error();
      encode_ms.push_back(stopwatch.elapsed_ms());
      peak_mib = std::max(peak_mib, peak_resident_mib());
      trunk_ = std::move(made->front());
    }
    add({"matrix_rate", rate_ / 1e9, "GFLOP/s", std::nullopt, "plain products of the trunk's sizes, same run"});
    add({"encode", median(encode_ms), "ms", median(limit_ms),
         "limit: the trunk's operations at the matrix rate; wanted: ratio <= 1.43"});
    add({"encode_peak_memory", peak_mib, "MiB", kWantedPeakMiB, "resident, mapped weights included; limit: wanted"});
    return {};
  }

  Status measure_derive() {
    if (Status status = next_step("deriving"); !status) return status;
    std::vector<double> times_ms;
    for (int round = 0; round < options_.rounds; ++round) {
      const Stopwatch stopwatch;
      Result<Encoding> derived = engine_->derive(trunk_, Profile::kInteractive);
      if (!derived) return derived.error();
      times_ms.push_back(stopwatch.elapsed_ms());
      interactive_ = std::move(*derived);
    }
    add({"derive_interactive", median(times_ms), "ms", neck_operations(engine_->info().config) / rate_ * kMsPerSecond,
         "from a trunk encoding; limit: the neck's operations at the matrix rate"});
    return {};
  }

  Status measure_prepare() {
    if (Status status = next_step("loading encodings"); !status) return status;
    const std::filesystem::path path = std::filesystem::path(options_.working_folder) / "bench.interactive.safetensors";
    if (Status written = write_encoding(path, interactive_); !written) return written;
    const double bandwidth = measure_read_bandwidth(options_.rounds);
    std::vector<double> times_ms;
    for (int round = 0; round < options_.short_rounds; ++round) {
      const Stopwatch stopwatch;
      const Result<Encoding> encoding = read_encoding(path);
      if (!encoding) return encoding.error();
      Result<std::shared_ptr<const PreparedImage>> prepared = engine_->prepare(*encoding);
      if (!prepared) return prepared.error();
      times_ms.push_back(stopwatch.elapsed_ms());
      prepared_ = std::move(*prepared);
    }
    const auto size_bytes = static_cast<double>(interactive_.size_bytes());
    add({"load_encoding", median(times_ms), "ms", size_bytes / bandwidth * kMsPerSecond,
         "interactive file in the page cache, digest checked, ready for clicks; limit: reading its bytes once; wanted: "
         "<= 3 ms"});
    return {};
  }

  Status measure_click() {
    if (Status status = next_step("clicking"); !status) return status;
    InteractivePrompt prompt;
    prompt.points.push_back({static_cast<float>(image_.width) / 2, static_cast<float>(image_.height) / 2, true});
    std::vector<double> times_ms;
    for (int round = 0; round < options_.short_rounds; ++round) {
      const Stopwatch stopwatch;
      const Result<InteractiveAnswer> answer = engine_->segment(*prepared_, prompt, {});
      if (!answer) return answer.error();
      times_ms.push_back(stopwatch.elapsed_ms());
    }
    add({"click", median(times_ms), "ms", kWantedClickMs,
         "one point, mask at the picture's size included; limit: wanted for 640x427"});
    return {};
  }

  Status measure_concepts() {
    if (Status status = next_step("finding concepts"); !status) return status;
    const ConceptBench bench{*engine_, trunk_, options_.rounds, options_.short_rounds};
    Result<std::vector<Measurement>> rows = measure_concept_prompts(bench);
    if (!rows) return rows.error();
    for (Measurement& row : *rows) add(std::move(row));
    return {};
  }

  const RgbImage& image_;
  const BenchOptions& options_;
  const BenchHook& hook_;
  int step_ = 0;
  BenchReport report_;
  std::unique_ptr<Engine> engine_;
  double rate_ = 0;  // FLOP/s
  Encoding trunk_;
  Encoding interactive_;
  std::shared_ptr<const PreparedImage> prepared_;
};

}  // namespace

double median(std::vector<double> values) {
  check(!values.empty(), "median: no values");
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

RgbImage benchmark_image() {
  RgbImage image{.width = 640, .height = 427, .pixels = {}};
  image.pixels.reserve(static_cast<std::size_t>(image.width) * image.height * 3);
  std::uint32_t noise = 1;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      noise = noise * 1664525U + 1013904223U;
      const bool in_disc = (x - 320) * (x - 320) + (y - 213) * (y - 213) < 120 * 120;
      const int grain = static_cast<int>(noise >> 28);
      image.pixels.push_back(static_cast<std::uint8_t>(in_disc ? 200 + grain : x * 160 / 640 + grain));
      image.pixels.push_back(static_cast<std::uint8_t>(in_disc ? 60 + grain : y * 160 / 427 + grain));
      image.pixels.push_back(static_cast<std::uint8_t>(((x / 32 + y / 32) % 2) * 80 + grain));
    }
  }
  return image;
}

Result<BenchReport> measure_engine(const RgbImage& image, const BenchOptions& options, const BenchHook& hook) {
  return Bench(image, options, hook).run();
}

}  // namespace samcache

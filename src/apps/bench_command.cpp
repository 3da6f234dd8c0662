// samcache bench
#include <stdlib.h>  // mkdtemp

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/bench_measurements.h"
#include "apps/bench_store.h"
#include "apps/command.h"
#include "apps/console.h"
#include "apps/interrupt.h"
#include "apps/progress_bar.h"
#include "base/clock.h"
#include "engine/libtorch_facts.h"
#include "engine/machine_limits.h"
#include "image/decode.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct BenchCommandOptions {
  std::string image;
  int rounds = 3;
  bool quick = false;
  bool json = false;
};

// A folder of its own that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "samcache-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code code;
    if (!path_.empty()) fs::remove_all(path_, code);
  }
  const std::string& path() const { return path_; }  // empty: it could not be made

 private:
  std::string path_;
};

std::string cpu_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t value = line.find(": ");
    if (value != line.npos) return line.substr(value + 2);
  }
  return "unknown";
}

std::string device_name(const Device& device) {
  return device.kind == Device::Kind::kCpu ? "cpu" : "cuda:" + std::to_string(device.index);
}

Json rows_of(const std::vector<Measurement>& measurements) {
  Json rows = Json::array();
  for (const Measurement& row : measurements) {
    Json json = {{"name", row.name}, {"value", row.value}, {"unit", row.unit}};
    json["limit"] = row.limit ? Json(*row.limit) : Json();
    json["ratio"] = row.limit ? Json(row.value / *row.limit) : Json();
    json["note"] = row.note;
    rows.push_back(std::move(json));
  }
  return rows;
}

Json json_of(const BenchReport& report, int rounds) {
  const EngineInfo& engine = report.engine;
  return {{"samcache", SAMCACHE_VERSION},
          {"created_at", rfc3339_now()},
          {"machine",
           {{"cpu", cpu_name()},
            {"cores", std::thread::hardware_concurrency()},
            {"threads", engine.threads},
            {"device", device_name(engine.device)},
            {"precision", precision_name(engine.precision)},
            {"library", "libtorch " + libtorch_version()}}},
          {"model",
           {{"name", engine.model},
            {"fingerprint", engine.fingerprint},
            {"image_size", engine.config.vit.image_size},
            {"layers", engine.config.vit.layers},
            {"hidden", engine.config.vit.hidden}}},
          {"image", {{"width", report.image_width}, {"height", report.image_height}}},
          {"rounds", rounds},
          {"rows", rows_of(report.measurements)}};
}

Json json_of(const std::vector<Measurement>& measurements, int rounds) {
  return {{"samcache", SAMCACHE_VERSION},
          {"created_at", rfc3339_now()},
          {"machine", {{"cpu", cpu_name()}, {"cores", std::thread::hardware_concurrency()}}},
          {"rounds", rounds},
          {"rows", rows_of(measurements)}};
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value < 100 ? "%.2f" : "%.0f", value);
  return text.data();
}

std::string table_of(const std::vector<Measurement>& measurements) {
  std::string text;
  std::array<char, 256> line{};
  const auto add_line = [&](const char* name, const std::string& value, const std::string& unit,
                            const std::string& limit, const std::string& ratio, const std::string& note) {
    std::snprintf(line.data(), line.size(), "%-20s %12s %-8s %12s %8s  ", name, value.c_str(), unit.c_str(),
                  limit.c_str(), ratio.c_str());
    text += line.data() + note + "\n";
  };
  add_line("what", "value", "unit", "limit", "ratio", "note");
  for (const Measurement& row : measurements) {
    add_line(row.name.c_str(), number(row.value), row.unit, row.limit ? number(*row.limit) : "-",
             row.limit ? number(row.value / *row.limit) : "-", row.note);
  }
  return text;
}

std::string table_of(const BenchReport& report) {
  const EngineInfo& engine = report.engine;
  return cpu_name() + ", " + std::to_string(engine.threads) + " threads, " + device_name(engine.device) + ", " +
         precision_name(engine.precision) + ", " + "libtorch " + libtorch_version() + "\n" + engine.model + ": image " +
         std::to_string(engine.config.vit.image_size) + " px, " + std::to_string(engine.config.vit.layers) +
         " blocks; picture " + std::to_string(report.image_width) + "x" + std::to_string(report.image_height) + "\n\n" +
         table_of(report.measurements);
}

Status run_bench(const BenchCommandOptions& options, const CommonOptions& common) {
  const Result<EngineOptions> engine = engine_options(common);
  if (!engine) return engine.error();
  RgbImage image;
  if (options.image.empty()) {
    image = benchmark_image();
  } else {
    Result<DecodedImage> decoded = decode_image_file(options.image);
    if (!decoded) return decoded.error();
    image = std::move(decoded->rgb);
  }
  const TemporaryFolder folder;
  if (folder.path().empty()) return Error{ErrorCode::kIo, "cannot make a temporary folder: is TMPDIR writable?"};
  BenchOptions bench{.engine = *engine, .rounds = options.rounds, .working_folder = folder.path()};
  if (options.quick) {
    bench.rounds = 1;
    bench.short_rounds = 5;
  }
  ProgressBar bar;
  const BenchHook hook = [&](int done, int total, const std::string& step) {
    bar.show(static_cast<double>(done) / total, step);
    return !interrupted();
  };
  const Result<BenchReport> report = measure_engine(image, bench, hook);
  bar.clear();
  if (!report) return as_failure(report.error());
  return write_stdout(options.json
                          ? json_of(*report, bench.rounds).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                          : table_of(*report));
}

struct BenchStoreOptions {
  std::string folder;  // empty: where temporary files go
  int rounds = 20;
  bool json = false;
};

Status run_bench_store(const BenchStoreOptions& options, const CommonOptions& common) {
  const TemporaryFolder temporary;
  StoreBenchOptions bench;
  bench.folder = options.folder.empty() ? temporary.path() : options.folder;
  if (bench.folder.empty()) return Error{ErrorCode::kIo, "cannot make a temporary folder: is TMPDIR writable?"};
  bench.remotes = common.stores;
  bench.azure = common.azure;
  bench.rounds = options.rounds;
  ProgressBar bar;
  const BenchHook hook = [&](int done, int total, const std::string& step) {
    bar.show(static_cast<double>(done) / total, step);
    return !interrupted();
  };
  const Result<std::vector<Measurement>> measured = measure_stores(bench, hook);
  bar.clear();
  if (!measured) return as_failure(measured.error());
  return write_stdout(options.json
                          ? json_of(*measured, bench.rounds).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                          : cpu_name() + "\n\n" + table_of(*measured));
}

void add_bench_store(CLI::App& bench, const CommandContext& context) {
  auto options = std::make_shared<BenchStoreOptions>();
  CLI::App* command = bench.add_subcommand("store", "Measure the stores, each beside what the machine could do");
  command->add_option("--folder", options->folder, "On the disk to measure (default: where temporary files go)")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command->add_option("--rounds", options->rounds, "Loads to take the median of")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print one JSON document");
  command->footer("Each --store URL is measured as well: an encoding of 10 MiB is saved there, loaded and removed.");
  command->callback([options, &common = context.common, &run = context.run] {
    run = [options, &common] { return exit_code_of(run_bench_store(*options, common)); };
  });
}

}  // namespace

void add_bench_command(const CommandContext& context) {
  auto options = std::make_shared<BenchCommandOptions>();
  CLI::App* command = context.app.add_subcommand("bench", "Measure this machine against its own limits");
  command->add_option("--image", options->image, "Picture to encode (default: a made-up one of 640x427)")
      ->type_name("FILE");
  command->add_option("--rounds", options->rounds, "Encodes to take the median of")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--quick", options->quick, "One round of everything long, five of everything short");
  command->add_flag("--json", options->json, "Print one JSON document (the fields: bench/results/README.md)");
  command->footer(
      std::string("Medians. A limit is what the machine could do at best, measured in the same run, or what "
                  "is wanted\nof the released model on two cores; the note says which.\n") +
      kCommonOptionsHelp);
  add_bench_store(*command, context);
  command->require_subcommand(0, 1);
  command->callback([options, command, &common = context.common, &run = context.run] {
    if (!command->get_subcommands().empty()) return;  // which left what to run
    run = [options, &common] { return exit_code_of(run_bench(*options, common)); };
  });
}

}  // namespace samcache

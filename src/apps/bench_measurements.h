// The project's own measurements of one model on one machine, each with the limit it is held against.
//
// Limits that the machine sets (its matrix rate, its memory) are measured in the same run, in turn with what they
// limit, so that the ratios hold on a machine that others use as well.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace samcache {

struct BenchOptions {
  EngineOptions engine;
  int rounds = 3;              // of everything that takes seconds
  int short_rounds = 30;       // of everything that takes milliseconds
  std::string working_folder;  // for the encoding files that are read back; must exist
};

struct Measurement {
  std::string name;
  double value = 0;  // the median, where there were several rounds
  std::string unit;
  std::optional<double> limit;  // in the same unit
  std::string note;             // how it was measured, and what the limit is
};

struct BenchReport {
  EngineInfo engine;
  int image_width = 0;  // pixels
  int image_height = 0;
  std::vector<Measurement> measurements;
};

// Called before each step, with steps done and in all and what comes next; false cancels.
using BenchHook = std::function<bool(int done, int total, const std::string& step)>;

Result<BenchReport> measure_engine(const RgbImage& image, const BenchOptions& options, const BenchHook& hook);

// A picture of the size most examples have, with edges and texture, the same every time.
RgbImage benchmark_image();

// How the limits are measured and stated, wherever they are.
inline constexpr int kRateRounds = 2;
inline constexpr double kMsPerSecond = 1000;

double median(std::vector<double> values);  // of at least one

}  // namespace samcache

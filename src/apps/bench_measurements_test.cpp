#include "apps/bench_measurements.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(BenchMeasurements, TheMedianIsTheMiddleOrTheMeanOfTheTwo) {
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({4, 1, 9, 2}), 3);
}

TEST(BenchMeasurements, ThePictureIsTheSameEveryTime) {
  const RgbImage image = benchmark_image();
  EXPECT_EQ(image.pixels.size(), static_cast<std::size_t>(image.width) * image.height * 3);
  EXPECT_EQ(image.pixels, benchmark_image().pixels);
}

TEST(BenchMeasurements, StopWhenTheHookSaysSo) {
  BenchOptions options;
  options.engine.model = SAMCACHE_TEST_DATA "/tiny_hf";
  const Result<BenchReport> report =
      measure_engine(benchmark_image(), options, [](int, int, const std::string&) { return false; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace samcache

#include "store/tiered/cost_estimate.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

using std::chrono::seconds;

const CostEstimate::Clock::time_point kStart = CostEstimate::Clock::now();

TEST(CostEstimate, ObjectsOfOneKindShareOne) {
  EXPECT_EQ(kind_of_object("encodings/ab.cd/3f2a.trunk.safetensors"), ".trunk.safetensors");
  EXPECT_EQ(kind_of_object("originals/3f2a"), "");
  CostEstimate cost;
  cost.add("a/1.trunk.safetensors", 0.5, kStart);
  EXPECT_EQ(cost.seconds("b/2.trunk.safetensors", kStart), 0.5);
  EXPECT_FALSE(cost.seconds("b/2.detector.safetensors", kStart));
}

TEST(CostEstimate, OneOddValueMovesItLittleAndManyDo) {
  CostEstimate cost;
  for (int i = 0; i < 20; ++i) cost.add("a", 1.0, kStart);
  cost.add("a", 2.0, kStart);
  EXPECT_NEAR(*cost.seconds("a", kStart), 1.2, 1e-9);
  for (int i = 0; i < 30; ++i) cost.add("a", 2.0, kStart);
  EXPECT_NEAR(*cost.seconds("a", kStart), 2.0, 0.01);
}

TEST(CostEstimate, AnOldOneIsForgotten) {
  CostEstimate cost(seconds(60));
  cost.add("a", 9.0, kStart);
  EXPECT_TRUE(cost.seconds("a", kStart + seconds(59)));
  EXPECT_FALSE(cost.seconds("a", kStart + seconds(61)));
  cost.add("a", 1.0, kStart + seconds(61));
  EXPECT_EQ(cost.seconds("a", kStart + seconds(61)), 1.0);
}

TEST(CostEstimate, KindsFromOutsideDoNotGrowItWithoutEnd) {
  CostEstimate cost;
  for (int i = 0; i < 1000; ++i) cost.add("x." + std::to_string(i), 1.0, kStart);
  EXPECT_FALSE(cost.seconds("x.999", kStart));
  EXPECT_TRUE(cost.seconds("x.1", kStart));
}

}  // namespace
}  // namespace samcache

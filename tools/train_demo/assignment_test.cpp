#include "train_demo/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "scenes/random.h"

namespace samcache::train {
namespace {

double cost_of(std::span<const float> cost, int columns, const std::vector<int>& chosen) {
  double sum = 0;
  for (std::size_t row = 0; row < chosen.size(); ++row) {
    sum += cost[row * static_cast<std::size_t>(columns) + static_cast<std::size_t>(chosen[row])];
  }
  return sum;
}

// By trying every way.
double least_cost(std::span<const float> cost, int rows, int columns) {
  std::vector<int> order(static_cast<std::size_t>(columns));
  std::iota(order.begin(), order.end(), 0);
  double least = 1e30;
  do {
    const std::vector<int> chosen(order.begin(), order.begin() + rows);
    least = std::min(least, cost_of(cost, columns, chosen));
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

TEST(Assignment, CostsAsLittleAsTheBestOfAllWays) {
  scenes::Random random(7);
  for (const auto& [rows, columns] : {std::pair{1, 1}, {1, 5}, {3, 3}, {3, 6}, {5, 6}, {6, 6}}) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      std::vector<float> cost(static_cast<std::size_t>(rows * columns));
      for (float& value : cost) value = random.range(-5.0F, 5.0F);
      const std::vector<int> chosen = assign(cost, rows, columns);
      std::vector<int> distinct = chosen;
      std::sort(distinct.begin(), distinct.end());
      EXPECT_EQ(std::unique(distinct.begin(), distinct.end()), distinct.end());
      EXPECT_NEAR(cost_of(cost, columns, chosen), least_cost(cost, rows, columns), 1e-4);
    }
  }
}

TEST(Assignment, NothingToAssignIsNothing) { EXPECT_TRUE(assign({}, 0, 4).empty()); }

TEST(Assignment, MoreRowsThanColumnsIsAMistakeOfTheCaller) {
  const std::vector<float> cost(6, 0.0F);
  EXPECT_THROW(assign(cost, 3, 2), std::logic_error);
}

}  // namespace
}  // namespace samcache::train

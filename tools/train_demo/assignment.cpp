#include "train_demo/assignment.h"

#include <limits>

#include "base/error.h"

namespace samcache::train {

// Rows enter one at a time. For each, a shortest augmenting path in reduced costs (cost - row potential - column
// potential, never negative) ends at a free column; flipping the path's edges matches one more row.
std::vector<int> assign(std::span<const float> cost, int rows, int columns) {
  check(rows <= columns && cost.size() == static_cast<std::size_t>(rows) * columns,
        "assign: a cost matrix of another size");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const int start = columns;  // a column that is not there, at which every path begins
  std::vector<double> row_potential(rows, 0.0), column_potential(columns + 1, 0.0);
  std::vector<int> row_of(columns + 1, -1);
  for (int row = 0; row < rows; ++row) {
    std::vector<double> distance(columns, kInfinity);
    std::vector<int> previous(columns, start);
    std::vector<bool> done(columns + 1, false);
    row_of[start] = row;
    int column = start;
    do {
      done[column] = true;
      const int from = row_of[column];
      double step = kInfinity;
      int next = -1;
      for (int c = 0; c < columns; ++c) {
        if (done[c]) continue;
        const double reduced =
            cost[static_cast<std::size_t>(from) * columns + c] - row_potential[from] - column_potential[c];
        if (reduced < distance[c]) {
          distance[c] = reduced;
          previous[c] = column;
        }
        if (distance[c] < step) {
          step = distance[c];
          next = c;
        }
      }
      for (int c = 0; c <= columns; ++c) {
        if (done[c]) {
          row_potential[row_of[c]] += step;
          column_potential[c] -= step;
        } else if (c < columns) {
          distance[c] -= step;
        }
      }
      column = next;
    } while (row_of[column] >= 0);
    while (column != start) {
      row_of[column] = row_of[previous[column]];
      column = previous[column];
    }
  }
  std::vector<int> column_of(rows, -1);
  for (int c = 0; c < columns; ++c) {
    if (row_of[c] >= 0) column_of[row_of[c]] = c;
  }
  return column_of;
}

}  // namespace samcache::train

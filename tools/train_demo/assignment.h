// The assignment problem: who is matched with whom at the least cost.
#pragma once

#include <span>
#include <vector>

namespace samcache::train {

// cost [rows, columns], row-major, rows <= columns, finite. Every row gets a column of its own so that the sum of costs
// is the smallest there is: result[row] is its column. O(rows² columns): the Hungarian method with potentials.
std::vector<int> assign(std::span<const float> cost, int rows, int columns);

}  // namespace samcache::train

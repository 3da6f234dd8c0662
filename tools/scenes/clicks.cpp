#include "scenes/clicks.h"

#include <algorithm>
#include <vector>

namespace samcache::scenes {
namespace {

// Chamfer distances: 3 to a neighbour along a side, 4 along a diagonal, as near to Euclid as two passes get.
constexpr int kStraight = 3;
constexpr int kDiagonal = 4;

}  // namespace

std::optional<Click> central_click(const BinaryMask& region) {
  const int stride = region.width + 2;  // a border of distance 0 all round
  std::vector<int> distance(static_cast<std::size_t>(stride) * (region.height + 2), 0);
  const auto at = [stride](int x, int y) { return static_cast<std::size_t>(y + 1) * stride + x + 1; };
  const auto relax = [&](int x, int y, int toward) {  // toward: -1 looks up and left, 1 down and right
    const std::size_t here = at(x, y);
    const int straight = std::min(distance[at(x + toward, y)], distance[at(x, y + toward)]) + kStraight;
    const int diagonal = std::min(distance[at(x - 1, y + toward)], distance[at(x + 1, y + toward)]) + kDiagonal;
    return std::min({distance[here], straight, diagonal});
  };
  constexpr int kFar = 1 << 28;
  for (int y = 0; y < region.height; ++y) {
    for (int x = 0; x < region.width; ++x) distance[at(x, y)] = region.at(x, y) ? kFar : 0;
  }
  for (int y = 0; y < region.height; ++y) {
    for (int x = 0; x < region.width; ++x) distance[at(x, y)] = relax(x, y, -1);
  }
  std::optional<Click> best;
  int best_distance = 0;
  for (int y = region.height - 1; y >= 0; --y) {
    for (int x = region.width - 1; x >= 0; --x) {
      const int reached = distance[at(x, y)] = relax(x, y, 1);
      if (reached > 0 && reached >= best_distance) {
        best = Click{x, y};
        best_distance = reached;
      }
    }
  }
  return best;
}

std::optional<Click> random_click(const BinaryMask& region, Random& random) {
  const auto count = std::count_if(region.pixels.begin(), region.pixels.end(), [](auto pixel) { return pixel != 0; });
  if (count == 0) return std::nullopt;
  auto left = static_cast<std::int64_t>(random.uniform() * static_cast<double>(count));
  for (std::size_t i = 0; i < region.pixels.size(); ++i) {
    if (region.pixels[i] == 0 || left-- > 0) continue;
    const auto width = static_cast<std::size_t>(region.width);
    return Click{static_cast<int>(i % width), static_cast<int>(i / width)};
  }
  return std::nullopt;
}

}  // namespace samcache::scenes

// Masks for the tests of the mask codecs.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/pixels.h"

namespace samcache {

// One string of '0' and '1' a row.
inline BinaryMask mask_of(std::initializer_list<std::string_view> rows) {
  BinaryMask mask{static_cast<int>(rows.begin()->size()), static_cast<int>(rows.size()), {}};
  for (const std::string_view row : rows) {
    for (const char c : row) mask.pixels.push_back(c == '1' ? 1 : 0);
  }
  return mask;
}

template <class Predicate>
BinaryMask mask_where(int width, int height, Predicate is_set) {
  BinaryMask mask{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) mask.pixels.push_back(is_set(x, y) ? 1 : 0);
  }
  return mask;
}

inline BinaryMask rectangle_mask(int width, int height, int x0, int y0, int x1, int y1) {
  return mask_where(width, height, [=](int x, int y) { return x >= x0 && x < x1 && y >= y0 && y < y1; });
}

inline BinaryMask disc_mask(int width, int height, double cx, double cy, double radius) {
  return mask_where(width, height, [=](int x, int y) { return std::hypot(x + 0.5 - cx, y + 0.5 - cy) <= radius; });
}

inline BinaryMask random_mask(int width, int height, double density, unsigned seed) {
  std::mt19937 random(seed);
  std::bernoulli_distribution is_set(density);
  return mask_where(width, height, [&](int, int) { return is_set(random); });
}

inline std::vector<std::pair<std::string, BinaryMask>> all_kinds_of_masks() {
  std::vector<std::pair<std::string, BinaryMask>> masks{
      {"one clear pixel", mask_of({"0"})},
      {"one set pixel", mask_of({"1"})},
      {"empty", mask_where(33, 17, [](int, int) { return false; })},
      {"full", mask_where(33, 17, [](int, int) { return true; })},
      {"one row", random_mask(301, 1, 0.5, 1)},
      {"one column", random_mask(1, 301, 0.5, 2)},
      {"checkerboard", mask_where(70, 65, [](int x, int y) { return (x + y) % 2 == 0; })},
      {"inverse checkerboard", mask_where(65, 70, [](int x, int y) { return (x + y) % 2 == 1; })},
      {"rows", mask_where(67, 66, [](int, int y) { return y % 2 == 0; })},
      {"columns", mask_where(66, 67, [](int x, int) { return x % 2 == 0; })},
      {"frame", mask_where(40, 30, [](int x, int y) { return x == 0 || y == 0 || x == 39 || y == 29; })},
      {"rings in rings",
       mask_where(91, 87, [](int x, int y) { return std::lround(std::hypot(x - 45, y - 43)) % 6 < 3; })},
      {"diagonal touch", mask_of({"1000", "0100", "0011", "0011"})},
      {"hole touching by a corner", mask_of({"11111", "10111", "11011", "11111"})},
      {"disc", disc_mask(200, 150, 90.3, 70.2, 51.7)},
      {"wider than a strip", random_mask(2100, 9, 0.4, 3)},
      {"a disc over strips", disc_mask(1500, 300, 1020, 150, 120)},
  };
  std::mt19937 random(11);
  for (unsigned i = 0; i < 300; ++i) {
    const int width = static_cast<int>(random() % 80) + 1;
    const int height = static_cast<int>(random() % 80) + 1;
    const double density = (random() % 100) / 100.0;
    masks.emplace_back("random " + std::to_string(i), random_mask(width, height, density, i));
  }
  return masks;
}

}  // namespace samcache

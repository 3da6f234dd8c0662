#include "model/position_encoding.h"

#include <cmath>
#include <numbers>

namespace samcache {
namespace {

constexpr float kTwoPi = 2.0f * std::numbers::pi_v<float>;
constexpr float kTemperature = 10000.0f;
constexpr float kNormalizeEps = 1e-6f;  // the official code's guard in the division by the grid's side

// 10000^(2 pair / features)
float divisor(int pair, int features) {
  return std::pow(kTemperature, static_cast<float>(2 * pair) / static_cast<float>(features));
}

}  // namespace

SineEncoding::SineEncoding(Ops& ops, int width) {
  const int features = width / 2;
  std::vector<float> frequencies;
  for (int pair = 0; pair < features / 2; ++pair) frequencies.push_back(kTwoPi / divisor(pair, features));
  frequencies_ = ops.constant({features / 2}, frequencies);
}

Value SineEncoding::operator()(Ops& ops, const Value& coordinates) const {
  const Value angles = ops.mul(ops.reshape(coordinates, {0, 0, 0, 1, 1}), ops.reshape(frequencies_, {-1, 1}));
  const Value pairs = ops.concat({ops.sin(angles), ops.cos(angles)}, -1);  // [B, N, K, F / 2, 2]
  return ops.reshape(pairs, {0, 0, 0, -1});
}

Value grid_positions(Ops& ops, int side, int width) {
  const int features = width / 2;
  std::vector<float> line(static_cast<std::size_t>(side) * features);  // code of a row's or a column's number
  for (int i = 0; i < side; ++i) {
    const float coordinate = static_cast<float>(i + 1) / (static_cast<float>(side) + kNormalizeEps) * kTwoPi;
    for (int f = 0; f < features; ++f) {
      const float angle = coordinate / divisor(f / 2, features);
      line[static_cast<std::size_t>(i) * features + f] = f % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
  std::vector<float> codes;
  codes.reserve(static_cast<std::size_t>(side) * side * width);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      for (const int i : {y, x}) {
        const auto begin = line.begin() + static_cast<std::ptrdiff_t>(i) * features;
        codes.insert(codes.end(), begin, begin + features);
      }
    }
  }
  return ops.constant({1, static_cast<std::int64_t>(side) * side, width}, codes);
}

}  // namespace samcache

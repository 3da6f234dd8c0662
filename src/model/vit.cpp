#include "model/vit.h"

#include <cmath>

namespace samcache {
namespace {

// Coordinates (x, y) of the tokens of a `size` x `size` grid, cut into square windows of side `window`, in window
// order.
std::vector<std::pair<int, int>> window_ordered_coordinates(int size, int window) {
  std::vector<std::pair<int, int>> coordinates;
  coordinates.reserve(static_cast<std::size_t>(size) * size);
  for (int wy = 0; wy < size; wy += window) {
    for (int wx = 0; wx < size; wx += window) {
      for (int y = wy; y < wy + window; ++y) {
        for (int x = wx; x < wx + window; ++x) coordinates.emplace_back(x, y);
      }
    }
  }
  return coordinates;
}

// Axial rotary table of the official compute_axial_cis: with D = head_dim, the first D/4 pairs turn with x, the last
// D/4 with y; pair j of each group has frequency theta^(-4j/D); the angle is coordinate * scale * frequency.
RotaryTable axial_rotary_table(Ops& ops, const std::vector<std::pair<int, int>>& coordinates, int head_dim,
                               double theta, float scale) {
  const int quarter = head_dim / 4;
  std::vector<float> frequency(quarter);
  for (int j = 0; j < quarter; ++j) {
    frequency[j] = static_cast<float>(1.0 / std::pow(theta, 4.0 * j / head_dim));
  }
  std::vector<float> cosines;
  std::vector<float> sines;
  cosines.reserve(coordinates.size() * head_dim / 2);
  sines.reserve(cosines.capacity());
  for (const auto& [x, y] : coordinates) {
    for (const int coordinate : {x, y}) {
      for (const float f : frequency) {
        const float angle = static_cast<float>(coordinate) * scale * f;
        cosines.push_back(std::cos(angle));
        sines.push_back(std::sin(angle));
      }
    }
  }
  const Shape shape = {static_cast<std::int64_t>(coordinates.size()), head_dim / 2};
  return {ops.constant(shape, cosines), ops.constant(shape, sines), head_dim};
}

}  // namespace

VitTrunk::Block::Block(const WeightScope& scope)
    : norm1(scope["norm1"]),
      norm2(scope["norm2"]),
      qkv(scope["attn"]["qkv"]),
      proj(scope["attn"]["proj"]),
      fc1(scope["mlp"]["fc1"]),
      fc2(scope["mlp"]["fc2"]) {}

VitTrunk::VitTrunk(Ops& ops, const VitConfig& config, const WeightScope& scope)
    : config_(config),
      patch_weight_(scope["patch_embed"]["proj"].get("weight", WeightRole::kMatrix)),
      ln_pre_(scope["ln_pre"]) {
  const int grid = config.grid();
  const int table = config.pretrain_grid();
  position_table_ = ops.reshape(scope.get("pos_embed", WeightRole::kTable), {1, 1, table, 1, table, config.hidden});
  for (int i = 0; i < config.layers; ++i) blocks_.emplace_back(scope["blocks"][i]);
  window_rotary_ = axial_rotary_table(ops, window_ordered_coordinates(config.window, config.window), config.head_dim(),
                                      config.rope_theta, 1.0f);
  // Global blocks see the coordinates of the pretraining resolution: one window's worth of angles over the whole grid.
  global_rotary_ = axial_rotary_table(ops, window_ordered_coordinates(grid, config.window), config.head_dim(),
                                      config.rope_theta, static_cast<float>(config.window) / static_cast<float>(grid));
}

Value VitTrunk::operator()(Ops& ops, const Value& pixels, const BlockHook& before_block) const {
  const Ops::TapScope scope(ops, "vit/");
  Value tokens = to_windows(ops, embed(ops, pixels));
  for (int i = 0; i < config_.layers; ++i) {
    if (before_block && !before_block(i, config_.layers)) return {};
    const std::string name = "block" + std::to_string(i);
    const Ops::TapScope block_scope(ops, name);
    {
      const Ops::TapScope inner_scope(ops, ".");
      tokens = run_block(ops, blocks_[i], config_.is_global(i), tokens);
    }
    if (ops.tapping()) ops.tap("", from_windows(ops, tokens, config_.hidden));
  }
  const Value map = ops.permute(from_windows(ops, tokens, config_.hidden), {0, 3, 1, 2});
  ops.tap("trunk_out", map);
  return map;
}

// pixels [B, 3, S, S] -> [B, G, G, C]
Value VitTrunk::embed(Ops& ops, const Value& pixels) const {
  const int grid = config_.grid();
  const int table = config_.pretrain_grid();
  const int repeats = grid / table;
  Value x = ops.permute(ops.conv2d(pixels, patch_weight_, {}, config_.patch, 0), {0, 2, 3, 1});
  ops.tap("patch_embed", x);
  x = ops.reshape(ops.widen(x), {0, repeats, table, repeats, table, config_.hidden});
  x = ops.reshape(ops.add(x, position_table_), {0, grid, grid, config_.hidden});
  ops.tap("ln_pre_in", x);
  x = ln_pre_(ops, x);
  ops.tap("ln_pre", x);
  return x;
}

// tokens [B, G*G, C] in window order -> the same
Value VitTrunk::run_block(Ops& ops, const Block& block, bool global, const Value& tokens) const {
  const std::int64_t all = static_cast<std::int64_t>(config_.grid()) * config_.grid();
  const std::int64_t together = global ? all : static_cast<std::int64_t>(config_.window) * config_.window;

  const Value normed = block.norm1(ops, tokens);
  if (ops.tapping()) ops.tap("norm1", from_windows(ops, normed, config_.hidden));
  const Value qkv = ops.reshape(block.qkv(ops, normed), {-1, together, 3 * config_.hidden});
  if (ops.tapping()) ops.tap("qkv", global ? from_windows(ops, qkv, 3 * config_.hidden) : qkv);
  const Value attended =
      block.proj(ops, ops.rotary_self_attention(qkv, global ? global_rotary_ : window_rotary_, config_.heads));
  if (ops.tapping()) ops.tap("attn", global ? from_windows(ops, attended, config_.hidden) : attended);
  Value x = ops.add(tokens, ops.reshape(attended, {-1, all, config_.hidden}));

  const Value normed_again = block.norm2(ops, x);
  if (ops.tapping()) {
    ops.tap("norm2", from_windows(ops, normed_again, config_.hidden));
    ops.tap("mlp_fc1", from_windows(ops, block.fc1(ops, normed_again), config_.mlp));
  }
  const Value mlp = block.fc2(ops, block.fc1(ops, normed_again, Activation::kGelu));
  if (ops.tapping()) ops.tap("mlp", from_windows(ops, mlp, config_.hidden));
  return ops.add(x, mlp);
}

Value VitTrunk::to_windows(Ops& ops, const Value& grid) const {
  const std::int64_t side = config_.grid();
  const std::int64_t window = config_.window;
  const std::int64_t count = side / window;
  const Value split = ops.reshape(grid, {-1, count, window, count, window, config_.hidden});
  return ops.reshape(ops.permute(split, {0, 1, 3, 2, 4, 5}), {-1, side * side, config_.hidden});
}

Value VitTrunk::from_windows(Ops& ops, const Value& tokens, int channels) const {
  const std::int64_t side = config_.grid();
  const std::int64_t window = config_.window;
  const std::int64_t count = side / window;
  const Value split = ops.reshape(tokens, {-1, count, count, window, window, channels});
  return ops.reshape(ops.permute(split, {0, 1, 3, 2, 4, 5}), {-1, side, side, channels});
}

}  // namespace samcache

// The hand-written kernels against libtorch's plain operations in float32.
#include "engine/cpu_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "engine/cpu_kernels.h"

namespace samcache {
namespace {

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual.to(at::kFloat) - expected).norm() / expected.norm()).item<double>();
}

class CpuKernels : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!cpu::has_kernels()) GTEST_SKIP() << "this processor has no AVX-512 BF16";
    at::manual_seed(7);
  }
};

TEST_F(CpuKernels, RotaryAttentionMatchesForEveryWidthAndTailLength) {
  constexpr int kHeads = 3;
  for (const int head_dim : {16, 32, 64}) {
    for (const int tokens : {1, 5, 24, 25, 63, 64, 65, 144, 577}) {
      // Larger than usual, so that the softmax is far from uniform.
      const at::Tensor qkv = (at::randn({2, tokens, 3 * kHeads * head_dim}) * 2).to(at::kBFloat16);
      const at::Tensor angle = at::rand({tokens, head_dim / 2}) * 6;
      const RotaryTable table{TorchOps::wrap(angle.cos()), TorchOps::wrap(angle.sin()), head_dim};
      CpuOps fast;
      TorchOps plain(at::kCPU);
      const at::Tensor actual = TorchOps::tensor(fast.rotary_self_attention(TorchOps::wrap(qkv), table, kHeads));
      const at::Tensor expected =
          TorchOps::tensor(plain.rotary_self_attention(TorchOps::wrap(qkv.to(at::kFloat)), table, kHeads));
      EXPECT_LT(relative_error(actual, expected), 1.5e-2) << head_dim << " wide, " << tokens << " tokens";
      EXPECT_TRUE(actual.isfinite().all().item<bool>());
    }
  }
}

TEST_F(CpuKernels, ThinAttentionMatchesWhicheverSideIsThin) {
  constexpr int kHeads = 8;
  for (const int head_dim : {4, 16, 32}) {
    for (const auto& [queries, keys] :
         {std::pair{1, 144}, {7, 200}, {17, 100}, {64, 65}, {144, 1}, {201, 8}, {100, 33}}) {
      const at::Tensor q = at::randn({2, queries, kHeads * head_dim}) * 3;
      const at::Tensor k = at::randn({2, keys, kHeads * head_dim});
      const at::Tensor v = at::randn({2, keys, kHeads * head_dim});
      CpuOps fast;
      TorchOps plain(at::kCPU);
      const auto run = [&](TorchOps& ops) {
        return TorchOps::tensor(
            ops.attention(TorchOps::wrap(q), TorchOps::wrap(k), TorchOps::wrap(v), kHeads, head_dim));
      };
      EXPECT_LT(relative_error(run(fast), run(plain)), 2e-6) << head_dim << " wide, " << queries << " x " << keys;
    }
  }
}

TEST_F(CpuKernels, AKeysBiasHidesAndShiftsKeys) {
  constexpr int kHeads = 4;
  constexpr int kHeadDim = 16;
  for (const int keys : {1, 5, 16, 33, 64}) {
    const at::Tensor q = at::randn({2, 150, kHeads * kHeadDim});
    const at::Tensor k = at::randn({2, keys, kHeads * kHeadDim});
    const at::Tensor v = at::randn({2, keys, kHeads * kHeadDim});
    at::Tensor bias = at::randn({2, 1, 1, keys});
    if (keys > 2) bias.slice(-1, keys / 2, keys - 1).fill_(-INFINITY);
    CpuOps fast;
    TorchOps plain(at::kCPU);
    const auto run = [&](TorchOps& ops) {
      return TorchOps::tensor(ops.attention(TorchOps::wrap(q), TorchOps::wrap(k), TorchOps::wrap(v), kHeads, kHeadDim,
                                            TorchOps::wrap(bias)));
    };
    EXPECT_LT(relative_error(run(fast), run(plain)), 2e-6) << keys;
  }
}

TEST_F(CpuKernels, Bf16AttentionMatchesForDifferentNumbersOfQueriesAndKeys) {
  constexpr int kHeads = 2;
  for (const int head_dim : {16, 32, 64}) {
    for (const auto& [queries, keys] : {std::pair{65, 65}, {100, 577}, {201, 70}}) {
      // Side by side in one projection, as self-attention has them: tokens lie further apart than they are wide.
      const at::Tensor wide = (at::randn({2, std::max(queries, keys), 3 * kHeads * head_dim}) * 2).to(at::kBFloat16);
      const auto parts = wide.chunk(3, -1);
      const at::Tensor q = parts[0].slice(1, 0, queries);
      const at::Tensor k = parts[1].slice(1, 0, keys);
      const at::Tensor v = parts[2].slice(1, 0, keys);
      CpuOps fast;
      TorchOps plain(at::kCPU);
      const at::Tensor actual =
          TorchOps::tensor(fast.attention(TorchOps::wrap(q), TorchOps::wrap(k), TorchOps::wrap(v), kHeads, head_dim));
      const at::Tensor expected =
          TorchOps::tensor(plain.attention(TorchOps::wrap(q.to(at::kFloat)), TorchOps::wrap(k.to(at::kFloat)),
                                           TorchOps::wrap(v.to(at::kFloat)), kHeads, head_dim));
      EXPECT_EQ(actual.scalar_type(), at::kBFloat16);
      EXPECT_LT(relative_error(actual, expected), 1.5e-2) << head_dim << ": " << queries << " x " << keys;
    }
  }
}

TEST_F(CpuKernels, GridAttentionAddsTheBiasOfRowsAndColumns) {
  constexpr int kHeads = 2;
  constexpr int kHeadDim = 32;
  for (const auto& [rows, columns] : {std::pair{12, 12}, {5, 7}, {3, 72}, {40, 16}}) {
    const std::int64_t keys = rows * columns;
    const at::Tensor q = at::randn({2, 30, kHeads * kHeadDim});
    const at::Tensor k = at::randn({2, keys, kHeads * kHeadDim}).to(at::kBFloat16);
    const at::Tensor v = at::randn({2, keys, kHeads * kHeadDim}).to(at::kBFloat16);
    const at::Tensor by_row = at::randn({2, kHeads, 30, rows}) * 3;
    const at::Tensor by_column = at::randn({2, kHeads, 30, columns}) * 3;
    const auto run = [&](TorchOps& ops, at::ScalarType type) {
      return TorchOps::tensor(ops.grid_attention(TorchOps::wrap(q), TorchOps::wrap(k.to(type)),
                                                 TorchOps::wrap(v.to(type)), kHeads, kHeadDim, TorchOps::wrap(by_row),
                                                 TorchOps::wrap(by_column)));
    };
    CpuOps fast;
    TorchOps plain(at::kCPU);
    EXPECT_LT(relative_error(run(fast, at::kBFloat16), run(plain, at::kFloat)), 1.5e-2) << rows << " x " << columns;
  }
}

TEST_F(CpuKernels, GroupNormMatchesAndKeepsItsArgument) {
  for (const auto& [groups, channels, side] : {std::tuple{8, 32, 12}, {8, 256, 40}, {4, 16, 17}}) {
    const at::Tensor x =
        (at::randn({1, channels, side, side}) * 3 + 5).to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor before = x.clone();
    const Value weight = TorchOps::wrap(at::randn({channels}));
    const Value bias = TorchOps::wrap(at::randn({channels}));
    CpuOps fast;
    TorchOps plain(at::kCPU);
    for (const Activation activation : {Activation::kNone, Activation::kRelu}) {
      const at::Tensor actual =
          TorchOps::tensor(fast.group_norm(TorchOps::wrap(x), groups, weight, bias, 1e-5F, activation));
      const at::Tensor expected = TorchOps::tensor(
          plain.group_norm(TorchOps::wrap(x.to(at::kFloat).contiguous()), groups, weight, bias, 1e-5F, activation));
      EXPECT_EQ(actual.sizes(), expected.sizes());
      EXPECT_LT(relative_error(actual, expected), 4e-3) << channels << " channels";
    }
    EXPECT_TRUE(at::equal(x, before));
  }
}

TEST_F(CpuKernels, SmallMlpMatchesTheTwoProducts) {
  for (const auto& [inputs, hidden, outputs] : {std::tuple{2, 256, 8}, {2, 32, 4}, {4, 48, 8}, {3, 256, 5}}) {
    const at::Tensor x = at::randn({2, 77, inputs});
    const Value weight1 = TorchOps::wrap(at::randn({hidden, inputs}));
    const Value bias1 = TorchOps::wrap(at::randn({hidden}));
    const Value weight2 = TorchOps::wrap(at::randn({outputs, hidden}));
    const Value bias2 = TorchOps::wrap(at::randn({outputs}));
    CpuOps fast;
    TorchOps plain(at::kCPU);
    const auto run = [&](TorchOps& ops) {
      return TorchOps::tensor(ops.relu_mlp(TorchOps::wrap(x), weight1, bias1, weight2, bias2));
    };
    EXPECT_EQ(run(fast).sizes(), run(plain).sizes());
    EXPECT_LT(relative_error(run(fast), run(plain)), 2e-6) << inputs << " -> " << outputs;
  }
}

TEST_F(CpuKernels, WideAndNarrowSumsMatch) {
  for (const int size : {1, 15, 16, 33, 40000}) {
    const at::Tensor wide = at::randn({size});
    const at::Tensor narrow = at::randn({size}).to(at::kBFloat16);
    CpuOps fast;
    EXPECT_TRUE(at::equal(TorchOps::tensor(fast.add(TorchOps::wrap(wide), TorchOps::wrap(narrow))),
                          wide + narrow.to(at::kFloat)));
  }
}

// The composed form of the operation is its definition.
TEST(UpsampledConvolution, MatchesUpsamplingThenConvolving) {
  at::manual_seed(7);
  TorchOps ops(at::kCPU);
  for (const auto& [height, width] : {std::pair{1, 1}, {5, 3}, {12, 12}}) {
    const Value x = TorchOps::wrap(at::randn({2, 6, height, width}));
    const Value weight = TorchOps::wrap(at::randn({4, 6, 3, 3}));
    const Value bias = TorchOps::wrap(at::randn({4}));
    const at::Tensor actual = TorchOps::tensor(ops.upsampled_conv2d(x, weight, bias));
    const at::Tensor expected = TorchOps::tensor(ops.Ops::upsampled_conv2d(x, weight, bias));
    EXPECT_EQ(actual.sizes(), expected.sizes());
    EXPECT_LT(relative_error(actual, expected), 2e-6) << height << " x " << width;
  }
}

TEST_F(CpuKernels, AttentionStaysFiniteWithHugeLogits) {
  const at::Tensor qkv = (at::randn({1, 70, 3 * 16}) * 200).to(at::kBFloat16);
  const at::Tensor angle = at::rand({70, 8});
  const RotaryTable table{TorchOps::wrap(angle.cos()), TorchOps::wrap(angle.sin()), 16};
  CpuOps fast;
  EXPECT_TRUE(
      TorchOps::tensor(fast.rotary_self_attention(TorchOps::wrap(qkv), table, 1)).isfinite().all().item<bool>());
}

TEST_F(CpuKernels, GeluMatchesOverItsWholeRange) {
  const at::Tensor x = at::cat({at::linspace(-30, 30, 100003), at::zeros({1})}).to(at::kBFloat16);
  CpuOps fast;
  const at::Tensor actual = TorchOps::tensor(fast.gelu(TorchOps::wrap(x))).to(at::kFloat);
  const at::Tensor expected = at::gelu(x.to(at::kFloat));
  // One bf16 rounding (2^-9), and the polynomial's own error where the function is nearly zero.
  const at::Tensor excess = (actual - expected).abs() - (expected.abs() / 256 + 1e-6);
  EXPECT_LT(excess.max().item<double>(), 0);
}

TEST_F(CpuKernels, GeluLeavesItsArgumentAlone) {
  const at::Tensor x = at::randn({100}).to(at::kBFloat16);
  const at::Tensor before = x.clone();
  CpuOps fast;
  (void)fast.gelu(TorchOps::wrap(x));
  EXPECT_TRUE(at::equal(x, before));
}

}  // namespace
}  // namespace samcache

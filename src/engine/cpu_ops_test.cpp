// The hand-written kernels against libtorch's plain operations in float32.
#include "engine/cpu_ops.h"

#include <gtest/gtest.h>

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

#include "engine/cpu_ops.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "engine/cpu_kernels.h"

namespace samcache {
namespace {

constexpr std::int64_t kGeluGrain = 1 << 14;  // elements a thread should have at least

cpu::Bf16* bits(const at::Tensor& tensor) { return static_cast<cpu::Bf16*>(tensor.data_ptr()); }

// `x` is this function's to overwrite.
at::Tensor gelu_in_place(const at::Tensor& x) {
  cpu::Bf16* data = bits(x);
  at::parallel_for(0, x.numel(), kGeluGrain, [data](std::int64_t begin, std::int64_t end) {
    cpu::gelu_bf16(data + begin, static_cast<std::size_t>(end - begin));
  });
  return x;
}

// Whether a bias [B, heads, Nq, Nk] is the same for every head and query.
bool per_key(const at::Tensor& bias) { return bias.size(1) == 1 && bias.size(2) == 1; }

bool dense_bf16(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16 && x.is_non_overlapping_and_dense(); }

}  // namespace

Value CpuOps::gelu(const Value& x) {
  if (!dense_bf16(tensor(x))) return TorchOps::gelu(x);
  return wrap(gelu_in_place(tensor(x).clone()));
}

Value CpuOps::linear(const Value& x, const Value& weight, const Value& bias, Activation activation) {
  if (activation != Activation::kGelu) return TorchOps::linear(x, weight, bias, activation);
  const Value sum = TorchOps::linear(x, weight, bias, Activation::kNone);
  return dense_bf16(tensor(sum)) ? wrap(gelu_in_place(tensor(sum))) : TorchOps::gelu(sum);
}

Value CpuOps::attention(const Value& q_value, const Value& k_value, const Value& v_value, int heads, int head_dim,
                        const Value& bias) {
  const std::int64_t queries = tensor(q_value).size(1);
  const std::int64_t keys = tensor(k_value).size(1);
  const bool thin = std::min(queries, keys) <= cpu::kMaxThinTokens && std::max(queries, keys) > cpu::kMaxThinTokens;
  if (!thin || !cpu::thin_attention_supports(head_dim) || (bias && !(keys < queries && per_key(tensor(bias))))) {
    return TorchOps::attention(q_value, k_value, v_value, heads, head_dim, bias);
  }
  at::Tensor key_bias;  // [B, keys]
  if (bias) key_bias = tensor(bias).to(at::kFloat).flatten(1).expand({tensor(q_value).size(0), keys}).contiguous();
  const at::Tensor q = tensor(q_value).to(at::kFloat).contiguous();
  const at::Tensor k = tensor(k_value).to(at::kFloat).contiguous();
  const at::Tensor v = tensor(v_value).to(at::kFloat).contiguous();
  const at::Tensor out = at::empty_like(q);
  const auto width = static_cast<std::size_t>(heads) * head_dim;
  const auto head_at = [&](std::int64_t index) {
    const std::int64_t b = index / heads;
    const std::int64_t column = index % heads * head_dim;
    const auto at_head = [&](const at::Tensor& x) { return x.data_ptr<float>() + b * x.stride(0) + column; };
    return cpu::ThinHead{.q = at_head(q),
                         .k = at_head(k),
                         .v = at_head(v),
                         .q_stride = width,
                         .k_stride = width,
                         .v_stride = width,
                         .queries = static_cast<int>(queries),
                         .keys = static_cast<int>(keys),
                         .head_dim = head_dim,
                         .out = at_head(out),
                         .out_stride = width,
                         .key_bias = bias ? key_bias.data_ptr<float>() + b * keys : nullptr};
  };
  at::parallel_for(0, q.size(0) * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch;
    if (queries <= keys) scratch.resize(static_cast<std::size_t>(keys) * 16);
    for (std::int64_t i = begin; i < end; ++i) {
      if (queries <= keys) {
        cpu::attend_few_queries(head_at(i), scratch.data());
      } else {
        cpu::attend_few_keys(head_at(i));
      }
    }
  });
  return wrap(out);
}

Value CpuOps::rotary_self_attention(const Value& qkv_value, const RotaryTable& table, int heads) {
  if (tensor(qkv_value).scalar_type() != at::kBFloat16 || !cpu::attention_supports(table.head_dim)) {
    return TorchOps::rotary_self_attention(qkv_value, table, heads);
  }
  const at::Tensor qkv = tensor(qkv_value).contiguous();  // [B, N, 3C]
  const std::int64_t batch = qkv.size(0);
  const auto tokens = static_cast<int>(qkv.size(1));
  const std::int64_t channels = qkv.size(2) / 3;
  const at::Tensor out = at::empty({batch, tokens, channels}, qkv.options());
  const at::Tensor cos = tensor(table.cos).contiguous();
  const at::Tensor sin = tensor(table.sin).contiguous();
  const auto packed_size = static_cast<std::int64_t>(cpu::packed_size(tokens, table.head_dim));
  const at::Tensor packed = at::empty({batch * heads, 2, packed_size}, qkv.options());

  const auto head_at = [&](std::int64_t index) {
    const std::int64_t b = index / heads;
    const std::int64_t column = index % heads * table.head_dim;
    const cpu::Bf16* q = bits(qkv) + b * tokens * 3 * channels + column;
    return cpu::RotaryHead{.q = q,
                           .k = q + channels,
                           .v = q + 2 * channels,
                           .stride = static_cast<std::size_t>(3 * channels),
                           .cos = cos.data_ptr<float>(),
                           .sin = sin.data_ptr<float>(),
                           .tokens = tokens,
                           .head_dim = table.head_dim,
                           .out = bits(out) + b * tokens * channels + column,
                           .out_stride = static_cast<std::size_t>(channels)};
  };
  const auto keys_at = [&](std::int64_t index) { return bits(packed) + index * 2 * packed_size; };

  at::parallel_for(0, batch * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      cpu::pack_keys_values(head_at(i), keys_at(i), keys_at(i) + packed_size);
    }
  });
  const std::int64_t blocks = (tokens + cpu::kQueryBlock - 1) / cpu::kQueryBlock;
  at::parallel_for(0, batch * heads * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch(cpu::attention_scratch_size(tokens));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t head = i / blocks;
      cpu::attend_block(head_at(head), keys_at(head), keys_at(head) + packed_size,
                        static_cast<int>(i % blocks) * cpu::kQueryBlock, scratch.data());
    }
  });
  return wrap(out);
}

}  // namespace samcache

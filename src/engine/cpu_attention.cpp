#include "engine/cpu_attention.h"

#include <ATen/Parallel.h>

namespace samcache {
namespace {

cpu::Bf16* bits(const at::Tensor& tensor) { return static_cast<cpu::Bf16*>(tensor.data_ptr()); }

// Tokens with their numbers side by side, whatever the distance between tokens.
at::Tensor bf16_tokens(const at::Tensor& x) {
  const at::Tensor narrow = x.to(at::kBFloat16);
  return narrow.stride(-1) == 1 ? narrow : narrow.contiguous();
}

}  // namespace

at::Tensor attend_bf16(const at::Tensor& q_any, const at::Tensor& k_any, const at::Tensor& v_any, int heads,
                       const CompleteHead& complete) {
  const at::Tensor q = bf16_tokens(q_any);
  const at::Tensor k = bf16_tokens(k_any);
  const at::Tensor v = bf16_tokens(v_any);
  const std::int64_t batch = q.size(0);
  const std::int64_t channels = q.size(2);
  const auto queries = static_cast<int>(q.size(1));
  const auto keys = static_cast<int>(k.size(1));
  const auto head_dim = static_cast<int>(channels / heads);
  const at::Tensor out = at::empty({batch, queries, channels}, q.options());
  const auto packed_size = static_cast<std::int64_t>(cpu::packed_size(keys, head_dim));
  const at::Tensor packed = at::empty({batch * heads, 2, packed_size}, q.options());

  const auto head_at = [&](std::int64_t index) {
    const std::int64_t b = index / heads;
    const std::int64_t column = index % heads * head_dim;
    const auto at_head = [&](const at::Tensor& x) { return bits(x) + b * x.stride(0) + column; };
    cpu::AttentionHead head{.q = at_head(q),
                            .k = at_head(k),
                            .v = at_head(v),
                            .q_stride = static_cast<std::size_t>(q.stride(1)),
                            .k_stride = static_cast<std::size_t>(k.stride(1)),
                            .v_stride = static_cast<std::size_t>(v.stride(1)),
                            .queries = queries,
                            .keys = keys,
                            .head_dim = head_dim,
                            .out = at_head(out),
                            .out_stride = static_cast<std::size_t>(channels)};
    complete(index, head);
    return head;
  };
  const auto keys_at = [&](std::int64_t index) { return bits(packed) + index * 2 * packed_size; };

  at::parallel_for(0, batch * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      cpu::pack_keys_values(head_at(i), keys_at(i), keys_at(i) + packed_size);
    }
  });
  const std::int64_t blocks = (queries + cpu::kQueryBlock - 1) / cpu::kQueryBlock;
  at::parallel_for(0, batch * heads * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch(cpu::attention_scratch_size(keys));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t head = i / blocks;
      cpu::attend_block(head_at(head), keys_at(head), keys_at(head) + packed_size,
                        static_cast<int>(i % blocks) * cpu::kQueryBlock, scratch.data());
    }
  });
  return out;
}

at::Tensor attend_thin(const at::Tensor& q_any, const at::Tensor& k_any, const at::Tensor& v_any, int heads,
                       const at::Tensor& key_bias) {
  const at::Tensor q = q_any.to(at::kFloat).contiguous();
  const at::Tensor k = k_any.to(at::kFloat).contiguous();
  const at::Tensor v = v_any.to(at::kFloat).contiguous();
  const at::Tensor out = at::empty_like(q);
  const std::int64_t queries = q.size(1);
  const std::int64_t keys = k.size(1);
  const auto width = static_cast<std::size_t>(q.size(2));
  const auto head_dim = static_cast<int>(q.size(2) / heads);
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
                         .key_bias = key_bias.defined() ? key_bias.data_ptr<float>() + b * keys : nullptr};
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
  return out;
}

}  // namespace samcache

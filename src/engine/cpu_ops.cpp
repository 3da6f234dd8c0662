#include "engine/cpu_ops.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "engine/cpu_attention.h"
#include "engine/cpu_kernels.h"

namespace samcache {
namespace {

constexpr std::int64_t kGrain = 1 << 14;   // elements a thread should have at least
constexpr std::int64_t kPixelGrain = 256;  // of a feature map; also how many are added up in float32

cpu::Bf16* bits(const at::Tensor& tensor) { return static_cast<cpu::Bf16*>(tensor.data_ptr()); }

// `x` is this function's to overwrite.
at::Tensor activate_in_place(const at::Tensor& x, void (*activate)(cpu::Bf16*, std::size_t)) {
  cpu::Bf16* data = bits(x);
  at::parallel_for(0, x.numel(), kGrain, [data, activate](std::int64_t begin, std::int64_t end) {
    activate(data + begin, static_cast<std::size_t>(end - begin));
  });
  return x;
}

// Whether a bias [B, heads, Nq, Nk] is the same for every head and query.
bool per_key(const at::Tensor& bias) { return bias.size(1) == 1 && bias.size(2) == 1; }

bool dense_bf16(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16 && x.is_non_overlapping_and_dense(); }

}  // namespace

Value CpuOps::add(const Value& a, const Value& b) {
  const at::Tensor& wide = tensor(a);
  const at::Tensor& narrow = tensor(b);
  // What a residual stream takes in: libtorch's sum of two types is not vectorised.
  if (wide.scalar_type() != at::kFloat || narrow.scalar_type() != at::kBFloat16 || wide.sizes() != narrow.sizes() ||
      !wide.is_contiguous() || !narrow.is_contiguous()) {
    return TorchOps::add(a, b);
  }
  const at::Tensor out = at::empty_like(wide);
  at::parallel_for(0, out.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    cpu::add_bf16(wide.data_ptr<float>() + begin, bits(narrow) + begin, out.data_ptr<float>() + begin,
                  static_cast<std::size_t>(end - begin));
  });
  return wrap(out);
}

Value CpuOps::gelu(const Value& x) {
  if (!dense_bf16(tensor(x))) return TorchOps::gelu(x);
  return wrap(activate_in_place(tensor(x).clone(), cpu::gelu_bf16));
}

Value CpuOps::linear(const Value& x, const Value& weight, const Value& bias, Activation activation) {
  const Value sum = TorchOps::linear(x, weight, bias, Activation::kNone);
  if (activation == Activation::kNone) return sum;
  const bool gelu = activation == Activation::kGelu;
  if (dense_bf16(tensor(sum))) return wrap(activate_in_place(tensor(sum), gelu ? cpu::gelu_bf16 : cpu::relu_bf16));
  return gelu ? TorchOps::gelu(sum) : TorchOps::relu(sum);
}

Value CpuOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias, float eps,
                         Activation activation) {
  const at::Tensor& in = tensor(x);
  const std::int64_t channels = in.size(1);
  if (in.scalar_type() != at::kBFloat16 || in.size(0) != 1 || channels % 16 != 0 || channels % groups != 0 ||
      activation == Activation::kGelu || !in.is_contiguous(at::MemoryFormat::ChannelsLast)) {
    return TorchOps::group_norm(x, groups, weight, bias, eps, activation);
  }
  const std::int64_t pixels = in.size(2) * in.size(3);
  const int width = static_cast<int>(channels);
  // Sums of short runs of pixels, then of those in double: the same whatever the number of threads.
  const std::int64_t runs = (pixels + kPixelGrain - 1) / kPixelGrain;
  const at::Tensor sums = at::zeros({runs, 2, channels}, at::kFloat);
  at::parallel_for(0, runs, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t run = begin; run < end; ++run) {
      const std::int64_t first = run * kPixelGrain;
      float* out = sums.data_ptr<float>() + run * 2 * channels;
      cpu::add_channel_sums(bits(in) + first * channels,
                            static_cast<std::size_t>(std::min(kPixelGrain, pixels - first)), width, out,
                            out + channels);
    }
  });
  const at::Tensor moments = sums.sum(0, false, at::kDouble).view({2, groups, channels / groups}).sum(-1) /
                             static_cast<double>(pixels * (channels / groups));  // [2, groups]
  const at::Tensor mean = moments[0];
  const at::Tensor deviation = (moments[1] - mean * mean).clamp_min(0).add(eps).sqrt();
  const auto by_channel = [&](const at::Tensor& of_group) { return of_group.repeat_interleave(channels / groups); };
  const at::Tensor scale = tensor(weight).to(at::kDouble) / by_channel(deviation);
  const at::Tensor shift = (tensor(bias).to(at::kDouble) - by_channel(mean) * scale).to(at::kFloat).contiguous();
  const at::Tensor scale_float = scale.to(at::kFloat).contiguous();
  const at::Tensor out = at::empty_like(in);
  at::parallel_for(0, pixels, kPixelGrain, [&](std::int64_t begin, std::int64_t end) {
    cpu::scale_channels(bits(in) + begin * channels, static_cast<std::size_t>(end - begin), width,
                        scale_float.data_ptr<float>(), shift.data_ptr<float>(), activation == Activation::kRelu,
                        bits(out) + begin * channels);
  });
  return wrap(out);
}

// Some tokens at a time: their hidden layer (2048 wide, 2 MiB) stays in the cache instead of going through memory.
Value CpuOps::wide_mlp(const Value& x, const Value& weight1, const Value& bias1, const Value& weight2,
                       const Value& bias2) {
  constexpr std::int64_t kTokens = 576;
  const std::int64_t tokens = tensor(x).size(1);
  std::vector<Value> parts;
  for (std::int64_t first = 0; first < tokens; first += kTokens) {
    const Value some = slice(x, 1, first, std::min(first + kTokens, tokens));
    parts.push_back(linear(linear(some, weight1, bias1, Activation::kRelu), weight2, bias2, Activation::kNone));
  }
  return parts.size() == 1 ? parts[0] : concat(parts, 1);
}

Value CpuOps::relu_mlp(const Value& x, const Value& weight1, const Value& bias1, const Value& weight2,
                       const Value& bias2) {
  const at::Tensor& first = tensor(weight1);
  const at::Tensor& second = tensor(weight2);
  const auto inputs = static_cast<int>(first.size(1));
  const auto hidden = static_cast<int>(first.size(0));
  const auto outputs = static_cast<int>(second.size(0));
  if (first.scalar_type() == at::kBFloat16 && tensor(x).dim() == 3) return wide_mlp(x, weight1, bias1, weight2, bias2);
  if (first.scalar_type() != at::kFloat || tensor(x).scalar_type() != at::kFloat ||
      !cpu::small_mlp_supports(inputs, hidden, outputs)) {
    return TorchOps::relu_mlp(x, weight1, bias1, weight2, bias2);
  }
  const at::Tensor in = tensor(x).contiguous();
  const at::Tensor weight1_columns = first.t().contiguous();
  const at::Tensor weight2_rows = second.contiguous();
  const at::Tensor bias1_row = tensor(bias1).contiguous();
  const at::Tensor bias2_row = tensor(bias2).contiguous();
  const cpu::SmallMlp mlp{.weight1 = weight1_columns.data_ptr<float>(),
                          .bias1 = bias1_row.data_ptr<float>(),
                          .weight2 = weight2_rows.data_ptr<float>(),
                          .bias2 = bias2_row.data_ptr<float>(),
                          .inputs = inputs,
                          .hidden = hidden,
                          .outputs = outputs};
  std::vector<std::int64_t> shape = in.sizes().vec();
  shape.back() = outputs;
  const at::Tensor out = at::empty(shape, in.options());
  at::parallel_for(0, in.numel() / inputs, kPixelGrain, [&](std::int64_t begin, std::int64_t end) {
    cpu::run_small_mlp(mlp, in.data_ptr<float>() + begin * inputs, static_cast<std::size_t>(end - begin),
                       out.data_ptr<float>() + begin * outputs);
  });
  return wrap(out);
}

Value CpuOps::attention(const Value& q_value, const Value& k_value, const Value& v_value, int heads, int head_dim,
                        const Value& bias) {
  const std::int64_t queries = tensor(q_value).size(1);
  const std::int64_t keys = tensor(k_value).size(1);
  const std::int64_t more = std::max(queries, keys);
  const bool fewer_are_thin = std::min(queries, keys) <= cpu::kMaxThinTokens;
  at::Tensor key_bias;  // [B, keys]
  if (bias && per_key(tensor(bias))) {
    key_bias = tensor(bias).to(at::kFloat).flatten(1).expand({tensor(q_value).size(0), keys}).contiguous();
  }
  const bool bias_is_per_key = !bias || key_bias.defined();

  const bool all_bf16 =
      tensor(q_value).scalar_type() == at::kBFloat16 && tensor(k_value).scalar_type() == at::kBFloat16;
  if (all_bf16 && more > cpu::kMaxThinTokens && bias_is_per_key && cpu::attention_supports(head_dim)) {
    return wrap(attend_bf16(tensor(q_value), tensor(k_value), tensor(v_value), heads,
                            [&](std::int64_t index, cpu::AttentionHead& head) {
                              if (bias) head.key_bias = key_bias.data_ptr<float>() + index / heads * keys;
                            }));
  }
  const bool thin_kernel_knows_bias = !bias || (key_bias.defined() && keys < queries);
  if (!fewer_are_thin || more <= cpu::kMaxThinTokens || !thin_kernel_knows_bias ||
      !cpu::thin_attention_supports(head_dim)) {
    return TorchOps::attention(q_value, k_value, v_value, heads, head_dim, bias);
  }
  return wrap(attend_thin(tensor(q_value), tensor(k_value), tensor(v_value), heads, key_bias));
}

Value CpuOps::grid_attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim,
                             const Value& row_bias, const Value& column_bias) {
  // The keys' type decides: queries that were kept at full precision are few and rounded here.
  if (tensor(k).scalar_type() != at::kBFloat16 || !cpu::attention_supports(head_dim)) {
    return TorchOps::grid_attention(q, k, v, heads, head_dim, row_bias, column_bias);
  }
  const at::Tensor rows = tensor(row_bias).to(at::kFloat).contiguous();        // [B, heads, Nq, H]
  const at::Tensor columns = tensor(column_bias).to(at::kFloat).contiguous();  // [B, heads, Nq, W]
  return wrap(attend_bf16(tensor(q), tensor(k), tensor(v), heads, [&](std::int64_t index, cpu::AttentionHead& head) {
    head.row_bias = rows.data_ptr<float>() + index * rows.size(2) * rows.size(3);
    head.column_bias = columns.data_ptr<float>() + index * columns.size(2) * columns.size(3);
    head.grid_columns = static_cast<int>(columns.size(3));
  }));
}

Value CpuOps::rotary_self_attention(const Value& qkv_value, const RotaryTable& table, int heads) {
  if (tensor(qkv_value).scalar_type() != at::kBFloat16 || !cpu::attention_supports(table.head_dim)) {
    return TorchOps::rotary_self_attention(qkv_value, table, heads);
  }
  const std::vector<at::Tensor> qkv = tensor(qkv_value).chunk(3, -1);  // [B, N, C] each
  const at::Tensor cos = tensor(table.cos).contiguous();
  const at::Tensor sin = tensor(table.sin).contiguous();
  return wrap(attend_bf16(qkv[0], qkv[1], qkv[2], heads, [&](std::int64_t, cpu::AttentionHead& head) {
    head.cos = cos.data_ptr<float>();
    head.sin = sin.data_ptr<float>();
  }));
}

}  // namespace samcache

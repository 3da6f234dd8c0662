#include "engine/torch_ops.h"

#include "base/error.h"
#include "engine/torch_attention.h"

namespace samcache {
namespace {

const at::Tensor& t(const Value& value) { return TorchOps::tensor(value); }
Value w(at::Tensor tensor) { return TorchOps::wrap(std::move(tensor)); }

at::Tensor or_undefined(const Value& value) { return value ? t(value) : at::Tensor(); }

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kRelu: return at::relu(x);
    case Activation::kGelu: return at::gelu(x);
  }
  throw std::logic_error("activate: unknown activation");
}

at::Tensor to_channels_last(const at::Tensor& x) { return x.permute({0, 2, 3, 1}); }
at::Tensor from_channels_last(const at::Tensor& x) { return x.permute({0, 3, 1, 2}); }

// x [B, I, H, W] cut into k x k patches: [B, H/k, W/k, I*k*k]
at::Tensor patches(const at::Tensor& x, std::int64_t k) {
  const std::int64_t rows = x.size(2) / k;
  const std::int64_t columns = x.size(3) / k;
  return x.reshape({x.size(0), x.size(1), rows, k, columns, k})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({x.size(0), rows, columns, x.size(1) * k * k});
}

// x [B, N, C] -> [B, heads, N, D]
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.unflatten(-1, {heads, x.size(-1) / heads}).transpose(1, 2);
}

// [B, heads, N, D] -> [B, N, C]
at::Tensor merge_heads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

// x [B, heads, N, D]; the turn itself is done in float32, as the official code does.
at::Tensor rotate(const at::Tensor& x, const RotaryTable& table) {
  const at::Tensor pairs = x.to(at::kFloat).unflatten(-1, {table.head_dim / 2, 2});
  const at::Tensor re = pairs.select(-1, 0);
  const at::Tensor im = pairs.select(-1, 1);
  const at::Tensor& cos = t(table.cos);
  const at::Tensor& sin = t(table.sin);
  return at::stack({re * cos - im * sin, re * sin + im * cos}, -1).flatten(-2).to(x.scalar_type());
}

}  // namespace

Value TorchOps::constant(const Shape& shape, std::span<const float> data) {
  return w(at::tensor(at::ArrayRef<float>(data.data(), data.size())).reshape(shape).to(device_));
}

Value TorchOps::integers(const Shape& shape, std::span<const std::int64_t> data) {
  return w(at::tensor(at::ArrayRef<std::int64_t>(data.data(), data.size())).reshape(shape).to(device_));
}

Value TorchOps::reshape(const Value& x, const Shape& shape) {
  Shape resolved = shape;
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    if (resolved[i] == 0) resolved[i] = t(x).size(static_cast<std::int64_t>(i));
  }
  return w(t(x).reshape(resolved));
}

Value TorchOps::permute(const Value& x, const std::vector<int>& order) {
  return w(t(x).permute(std::vector<std::int64_t>(order.begin(), order.end())));
}

Value TorchOps::slice(const Value& x, int dim, std::int64_t begin, std::int64_t end) {
  return w(t(x).slice(dim, begin, end));
}

Value TorchOps::concat(const std::vector<Value>& parts, int dim) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(parts.size());
  for (const Value& part : parts) tensors.push_back(t(part));
  return w(at::cat(tensors, dim));
}

Value TorchOps::repeat_for_batch(const Value& x, const Value& like) {
  const std::int64_t batch = t(like).size(0);
  if (t(x).size(0) == batch) return x;
  std::vector<std::int64_t> shape = t(x).sizes().vec();
  shape[0] = batch;
  return w(t(x).expand(shape));
}

Value TorchOps::embedding(const Value& table, const Value& ids) {
  return w(at::embedding(t(table), t(ids)).to(at::kFloat));
}

Value TorchOps::upsample_nearest_2x(const Value& x) {
  const at::Tensor& in = t(x);
  return w(at::upsample_nearest2d(in.contiguous(at::MemoryFormat::ChannelsLast), {2 * in.size(2), 2 * in.size(3)}));
}

Value TorchOps::add(const Value& a, const Value& b) { return w(at::add(t(a), t(b))); }
Value TorchOps::mul(const Value& a, const Value& b) { return w(at::mul(t(a), t(b))); }
Value TorchOps::affine(const Value& x, float scale, float shift) {
  if (shift == 0.0f) return w(t(x) * scale);
  return w(scale == 1.0f ? t(x) + shift : t(x) * scale + shift);
}
Value TorchOps::relu(const Value& x) { return w(at::relu(t(x))); }
Value TorchOps::gelu(const Value& x) { return w(at::gelu(t(x))); }
Value TorchOps::sigmoid(const Value& x) { return w(at::sigmoid(t(x))); }
Value TorchOps::log(const Value& x) { return w(at::log(t(x))); }
Value TorchOps::clamp(const Value& x, float low, float high) { return w(at::clamp(t(x), low, high)); }
Value TorchOps::sin(const Value& x) { return w(at::sin(t(x))); }
Value TorchOps::cos(const Value& x) { return w(at::cos(t(x))); }
Value TorchOps::equals(const Value& x, float value) { return w(at::eq(t(x), value).to(at::kFloat)); }
// In row-major order too: every sum of the residual stream that starts here keeps the order of its first operand.
Value TorchOps::widen(const Value& x) { return w(t(x).to(at::kFloat).contiguous()); }
Value TorchOps::cast_like(const Value& x, const Value& like) { return w(t(x).to(t(like).scalar_type())); }

Value TorchOps::matmul(const Value& a, const Value& b) {
  const at::ScalarType wide = at::promote_types(t(a).scalar_type(), t(b).scalar_type());
  return w(at::matmul(t(a).to(wide), t(b).to(wide)));
}

Value TorchOps::softmax(const Value& x) { return w(at::softmax(t(x), -1)); }

Value TorchOps::layer_norm(const Value& x, const Value& weight, const Value& bias, float eps) {
  const at::Tensor& in = t(x);
  const at::Tensor out = at::layer_norm(in.to(t(weight).scalar_type()), {in.size(-1)}, t(weight), t(bias), eps);
  return w(out.to(in.scalar_type()));
}

Value TorchOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias, float eps,
                           Activation activation) {
  const at::Tensor& in = t(x);
  const at::Tensor out = at::group_norm(in.to(t(weight).scalar_type()), groups, t(weight), t(bias), eps);
  return w(activate(out, activation).to(in.scalar_type()));
}

Value TorchOps::linear(const Value& x, const Value& weight, const Value& bias, Activation activation) {
  const at::Tensor in = t(x).to(t(weight).scalar_type());
  return w(activate(at::linear(in, t(weight), or_undefined(bias)), activation));
}

Value TorchOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride, int padding) {
  const at::Tensor& kernel = t(weight);
  const at::Tensor in = t(x).to(kernel.scalar_type());
  if (stride == kernel.size(2) && padding == 0) {  // patches do not overlap: one matrix product
    const at::Tensor columns = stride == 1 ? to_channels_last(in) : patches(in, stride);
    return w(from_channels_last(at::linear(columns, kernel.flatten(1), or_undefined(bias))));
  }
  return w(at::conv2d(in.contiguous(at::MemoryFormat::ChannelsLast), kernel, or_undefined(bias), {stride, stride},
                      {padding, padding}));
}

Value TorchOps::conv_transpose2d(const Value& x, const Value& weight, const Value& bias, int stride) {
  const at::Tensor& kernel = t(weight);  // [I, O, s, s]
  const at::Tensor in = to_channels_last(t(x).to(kernel.scalar_type()));
  const std::int64_t out_channels = kernel.size(1);
  // Outputs do not overlap: each input pixel makes an s x s block of outputs, one matrix product for all.
  const at::Tensor matrix = kernel.permute({2, 3, 1, 0}).reshape({-1, kernel.size(0)});
  at::Tensor shift;
  if (bias) shift = t(bias).repeat({static_cast<std::int64_t>(stride) * stride});
  const at::Tensor blocks = at::linear(in, matrix, shift);  // [B, H, W, s*s*O]
  const at::Tensor pixels = blocks.unflatten(-1, {stride, stride, out_channels})
                                .permute({0, 1, 3, 2, 4, 5})
                                .reshape({in.size(0), in.size(1) * stride, in.size(2) * stride, out_channels});
  return w(from_channels_last(pixels));
}

Value TorchOps::attention(const Value& q, const Value& k, const Value& v, int heads, int head_dim, const Value& bias) {
  check(t(q).size(-1) == static_cast<std::int64_t>(heads) * head_dim, "attention: heads do not fill the width");
  const at::ScalarType wide = at::promote_types(t(q).scalar_type(), t(k).scalar_type());
  const auto prepare = [&](const Value& x) { return split_heads(t(x).to(wide), heads); };
  at::Tensor mask;
  if (bias) mask = t(bias).to(wide);
  return w(merge_heads(attend_heads(prepare(q), prepare(k), prepare(v), mask)));
}

// Of the four pixels that an input pixel becomes, each sees only 2 x 2 input pixels, some through several taps of the
// kernel: four 2 x 2 convolutions at the low resolution with the taps added up, 16 products instead of 36.
Value TorchOps::upsampled_conv2d(const Value& x, const Value& weight, const Value& bias) {
  const at::Tensor kernel = t(weight).to(at::kFloat);  // [O, I, 3, 3]
  check(kernel.size(2) == 3 && kernel.size(3) == 3, "upsampled_conv2d: the kernel is not 3 x 3");
  const at::Tensor in = t(x).to(t(weight).scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  const std::int64_t height = in.size(2);
  const std::int64_t width = in.size(3);
  // Taps of one dimension: the even output takes tap 0 from the pixel before, 1 and 2 from its own; the odd one takes
  // 0 and 1 from its own and 2 from the pixel after.
  const auto add_taps = [](const at::Tensor& k, std::int64_t dim, int odd) {
    const at::Tensor a = k.select(dim, 0), b = k.select(dim, 1), c = k.select(dim, 2);
    return odd != 0 ? at::stack({a + b, c}, dim) : at::stack({a, b + c}, dim);
  };
  const at::Tensor out = at::empty({in.size(0), 2 * height, 2 * width, kernel.size(0)}, in.options());
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 2; ++column) {
      const at::Tensor taps = add_taps(add_taps(kernel, 2, row), 3, column).to(in.scalar_type());
      // Padded all round the result has one row and column too many: at the end for even pixels, in front for odd.
      const at::Tensor padded = at::conv2d(in, taps, or_undefined(bias), {1, 1}, {1, 1});
      const at::Tensor inner = padded.slice(2, row, row + height).slice(3, column, column + width);
      out.slice(1, row, 2 * height, 2).slice(2, column, 2 * width, 2).copy_(to_channels_last(inner));
    }
  }
  return w(from_channels_last(out));
}

Value TorchOps::rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) {
  const std::vector<at::Tensor> parts = t(qkv).chunk(3, -1);
  const at::Tensor q = rotate(split_heads(parts[0], heads), table);
  const at::Tensor k = rotate(split_heads(parts[1], heads), table);
  tap("q_rope", w(q));
  tap("k_rope", w(k));
  return w(merge_heads(attend_heads(q, k, split_heads(parts[2], heads), {})));
}

}  // namespace samcache

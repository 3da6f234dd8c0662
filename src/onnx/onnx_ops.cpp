#include "onnx/onnx_ops.h"

#include <algorithm>
#include <numbers>
#include <numeric>

#include "base/error.h"

namespace samcache {
namespace {

const GraphValue& g(const Value& value) { return Graph::of(value); }
const Shape& shape_of(const Value& value) { return g(value).shape; }
DType type_of(const Value& value) { return g(value).type; }

std::size_t axis_of(const Value& x, int dim) {
  const auto rank = static_cast<int>(shape_of(x).size());
  check(dim >= -rank && dim < rank, "OnnxOps: dimension " + std::to_string(dim) + " of " + std::to_string(rank));
  return static_cast<std::size_t>(dim < 0 ? dim + rank : dim);
}

// "tracker.….q_proj.weight" -> "tracker.….q_proj"; empty for what is no weight.
std::string module_of(const Value& weight) {
  const GraphValue& value = g(weight);
  if (value.stored == nullptr) return {};
  return value.stored->weight.substr(0, value.stored->weight.rfind('.'));
}

DType wider(DType a, DType b) { return a == DType::kF32 ? a : b; }

Shape broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  const std::size_t offset = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& size = out[offset + i];
    if (size == 1 || (size < 0 && shorter[i] > 1)) size = shorter[i];
  }
  return out;
}

// The product of the known sizes; sizes that are not known go to `unknown`, sorted.
std::int64_t known_size(const Shape& shape, Shape& unknown) {
  std::int64_t product = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) {
      unknown.push_back(size);
    } else {
      product *= size;
    }
  }
  std::sort(unknown.begin(), unknown.end());
  return product;
}

// What a reshape with 0 and -1 makes of `from`; -1 stays where the size cannot be told before the graph runs.
Shape reshaped(const Shape& from, const Shape& target) {
  Shape out = target;
  auto inferred = out.end();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0)
      out[i] = from.at(i);
    else if (out[i] == -1)
      inferred = out.begin() + static_cast<std::ptrdiff_t>(i);
  }
  if (inferred == out.end()) return out;
  *inferred = 1;
  Shape unknown_before, unknown_after;
  const std::int64_t before = known_size(from, unknown_before);
  const std::int64_t after = known_size(out, unknown_after);
  if (unknown_before == unknown_after) {
    *inferred = after == 0 ? 0 : before / after;
  } else if (unknown_before.size() == unknown_after.size() + 1 && before == after &&
             std::includes(unknown_before.begin(), unknown_before.end(), unknown_after.begin(), unknown_after.end())) {
    Shape left;
    std::set_difference(unknown_before.begin(), unknown_before.end(), unknown_after.begin(), unknown_after.end(),
                        std::back_inserter(left));
    *inferred = left.front();
  } else {
    *inferred = -1;
  }
  return out;
}

}  // namespace

OnnxOps::OnnxOps(Graph& graph) : graph_(graph) {
  set_tap([this](const std::string& name, const Value& value) { graph_.rename(value, name); });
}

Value OnnxOps::node(const char* operation, const std::vector<Value>& inputs, const Graph::TypeAndShape& result,
                    const std::vector<onnx::AttributeProto>& attributes) {
  std::string name = scope();
  while (!name.empty() && (name.back() == '/' || name.back() == '.')) name.pop_back();
  return graph_.node(name, operation, inputs, result, attributes);
}

Value OnnxOps::constant(const Shape& shape, std::span<const float> data) { return graph_.floats(shape, data); }
Value OnnxOps::integers(const Shape& shape, std::span<const std::int64_t> data) { return graph_.integers(shape, data); }

Value OnnxOps::reshape(const Value& x, const Shape& shape) {
  Shape out = reshaped(shape_of(x), shape);
  if (g(x).stored != nullptr) {
    StoredTensor view = *g(x).stored;
    view.shape = out;
    return graph_.stored(std::move(view), type_of(x));
  }
  // What can be told is said: runtimes cannot infer a size beside one that happens to be zero.
  Shape told = shape;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (told[i] == -1 && out[i] >= 0) told[i] = out[i];
    if (out[i] == -1) out[i] = graph_.unknown_dimension();
  }
  const Value target = graph_.integers({static_cast<std::int64_t>(told.size())}, told);
  return node("Reshape", {x, target}, {type_of(x), out});
}

Value OnnxOps::permute(const Value& x, const std::vector<int>& order) {
  Shape out;
  for (const int from : order) out.push_back(shape_of(x).at(static_cast<std::size_t>(from)));
  return node("Transpose", {x}, {type_of(x), out},
              {attribute("perm", std::vector<std::int64_t>(order.begin(), order.end()))});
}

Value OnnxOps::slice(const Value& x, int dim, std::int64_t begin, std::int64_t end) {
  const std::size_t axis = axis_of(x, dim);
  Shape out = shape_of(x);
  check(begin >= 0 && begin <= end && (out[axis] < 0 || end <= out[axis]), "OnnxOps::slice: not inside");
  if (out[axis] == end - begin) return x;
  out[axis] = end - begin;
  const std::shared_ptr<const StoredTensor>& stored = g(x).stored;
  if (stored != nullptr && axis == 0 && !stored->transposed && stored->shape[0] == stored->row_count) {
    StoredTensor rows = *stored;
    rows.name += ".rows_" + std::to_string(begin) + "_" + std::to_string(end);
    rows.first_row += begin;
    rows.row_count = end - begin;
    rows.shape = out;
    return graph_.stored(std::move(rows), type_of(x));
  }
  const auto one = [this](std::int64_t value) { return graph_.integers({1}, {&value, 1}); };
  return node("Slice", {x, one(begin), one(end), one(static_cast<std::int64_t>(axis))}, {type_of(x), out});
}

Value OnnxOps::concat(const std::vector<Value>& parts, int dim) {
  const std::size_t axis = axis_of(parts.at(0), dim);
  DType type = DType::kF16;
  for (const Value& part : parts) type = wider(type_of(part), type);
  if (type_of(parts[0]) == DType::kI64) type = DType::kI64;
  std::vector<Value> inputs;
  Shape out = shape_of(parts[0]);
  out[axis] = 0;
  for (const Value& part : parts) {
    inputs.push_back(cast(part, type));
    const std::int64_t size = shape_of(part)[axis];
    out[axis] = size < 0 || out[axis] < 0 ? -1 : out[axis] + size;
  }
  if (out[axis] < 0) out[axis] = graph_.unknown_dimension();
  if (inputs.size() == 1) return inputs[0];
  return node("Concat", inputs, {type, out}, {attribute("axis", static_cast<std::int64_t>(axis))});
}

Value OnnxOps::repeat_for_batch(const Value& x, const Value& like) {
  const std::int64_t batch = shape_of(like).at(0);
  if (shape_of(x).at(0) == batch) return x;
  Shape out = shape_of(x);
  out[0] = batch;
  // Expand leaves a dimension alone where its target is 1.
  const Shape ones(out.size() - 1, 1);
  const Value target = concat({size_of(like, 0), graph_.integers({static_cast<std::int64_t>(ones.size())}, ones)}, 0);
  return node("Expand", {x, target}, {type_of(x), out});
}

Value OnnxOps::embedding(const Value& table, const Value& ids) {
  Shape out = shape_of(ids);
  out.push_back(shape_of(table).at(1));
  return widen(graph_.node(module_of(table), "Gather", {table, ids}, {type_of(table), out},
                           {attribute("axis", std::int64_t{0})}));
}

Value OnnxOps::upsample_nearest_2x(const Value& x) {
  Shape out = shape_of(x);
  out.at(2) *= 2;
  out.at(3) *= 2;
  const std::vector<float> scales = {1, 1, 2, 2};
  return node("Resize", {x, {}, graph_.floats({4}, scales)}, {type_of(x), out},
              {attribute("mode", "nearest"), attribute("coordinate_transformation_mode", "asymmetric"),
               attribute("nearest_mode", "floor")});
}

Value OnnxOps::unary(const char* operation, const Value& x) { return node(operation, {x}, {type_of(x), shape_of(x)}); }

Value OnnxOps::binary(const char* operation, const Value& a, const Value& b) {
  const DType type = wider(type_of(a), type_of(b));
  return node(operation, {cast(a, type), cast(b, type)}, {type, broadcast(shape_of(a), shape_of(b))});
}

Value OnnxOps::add(const Value& a, const Value& b) { return binary("Add", a, b); }
Value OnnxOps::mul(const Value& a, const Value& b) { return binary("Mul", a, b); }

Value OnnxOps::affine(const Value& x, float scale, float shift) {
  const DType type = type_of(x);
  if (scale == -1.0f) return shift == 0.0f ? unary("Neg", x) : binary("Sub", scalar(shift, type), x);
  const Value scaled = scale == 1.0f ? x : binary("Mul", x, scalar(scale, type));
  return shift == 0.0f ? scaled : binary("Add", scaled, scalar(shift, type));
}

Value OnnxOps::relu(const Value& x) { return unary("Relu", x); }
Value OnnxOps::sigmoid(const Value& x) { return unary("Sigmoid", x); }
Value OnnxOps::log(const Value& x) { return unary("Log", x); }
Value OnnxOps::sin(const Value& x) { return unary("Sin", x); }
Value OnnxOps::cos(const Value& x) { return unary("Cos", x); }

// In the form that onnxruntime recognises and runs as one operation.
Value OnnxOps::gelu(const Value& x) {
  const DType type = type_of(x);
  const Value erf = unary("Erf", binary("Div", x, scalar(std::numbers::sqrt2_v<float>, type)));
  return binary("Mul", binary("Mul", x, binary("Add", erf, scalar(1.0f, type))), scalar(0.5f, type));
}

Value OnnxOps::clamp(const Value& x, float low, float high) {
  const DType type = type_of(x);
  return node("Clip", {x, scalar(low, type), scalar(high, type)}, {type, shape_of(x)});
}

Value OnnxOps::equals(const Value& x, float value) {
  return cast(node("Equal", {x, scalar(value, type_of(x))}, {DType::kBool, shape_of(x)}), DType::kF32);
}

Value OnnxOps::cast(const Value& x, DType type) {
  if (type_of(x) == type) return x;
  return node("Cast", {x}, {type, shape_of(x)}, {attribute("to", std::int64_t{onnx_type(type)})});
}

Value OnnxOps::widen(const Value& x) { return cast(x, DType::kF32); }
Value OnnxOps::cast_like(const Value& x, const Value& like) { return cast(x, type_of(like)); }

Value OnnxOps::size_of(const Value& x, int dim) {
  const auto axis = static_cast<std::int64_t>(axis_of(x, dim));
  return node("Shape", {x}, {DType::kI64, {1}}, {attribute("start", axis), attribute("end", axis + 1)});
}

Value OnnxOps::matmul(const Value& a, const Value& b) {
  const DType type = wider(type_of(a), type_of(b));
  const Shape &left = shape_of(a), &right = shape_of(b);
  Shape out = broadcast(Shape(left.begin(), left.end() - 2), Shape(right.begin(), right.end() - 2));
  out.push_back(left[left.size() - 2]);
  out.push_back(right.back());
  return node("MatMul", {cast(a, type), cast(b, type)}, {type, out});
}

Value OnnxOps::softmax(const Value& x) {
  return node("Softmax", {x}, {type_of(x), shape_of(x)}, {attribute("axis", std::int64_t{-1})});
}

Value OnnxOps::layer_norm(const Value& x, const Value& weight, const Value& bias, float eps) {
  const Value in = cast(x, type_of(weight));
  const Value out =
      graph_.node(module_of(weight), "LayerNormalization", {in, weight, bias}, {type_of(in), shape_of(in)},
                  {attribute("axis", std::int64_t{-1}), attribute("epsilon", eps)});
  return cast(out, type_of(x));
}

// An InstanceNormalization of the groups, each a channel of its own; then scale and shift by channel.
Value OnnxOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias, float eps,
                          Activation activation) {
  const Value in = cast(x, type_of(weight));
  const Value grouped = reshape(in, {0, groups, -1});
  const std::vector<float> ones(static_cast<std::size_t>(groups), 1.0f), zeros(static_cast<std::size_t>(groups));
  const Value normed = graph_.node(module_of(weight), "InstanceNormalization",
                                   {grouped, graph_.floats({groups}, ones), graph_.floats({groups}, zeros)},
                                   {type_of(in), shape_of(grouped)}, {attribute("epsilon", eps)});
  Shape back = shape_of(x);
  back[0] = 0;
  const Value apart = reshape(normed, back);
  const Value scaled = add(mul(apart, reshape(weight, {-1, 1, 1})), reshape(bias, {-1, 1, 1}));
  return cast(activate(scaled, activation), type_of(x));
}

Value OnnxOps::activate(const Value& x, Activation activation) {
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kRelu: return relu(x);
    case Activation::kGelu: return gelu(x);
  }
  throw std::logic_error("OnnxOps: unknown activation");
}

// Weights are stored as MatMul wants them, transposed.
Value OnnxOps::linear(const Value& x, const Value& weight, const Value& bias, Activation activation) {
  check(g(weight).stored != nullptr && shape_of(weight).size() == 2, "OnnxOps::linear: the weight is not stored");
  StoredTensor matrix = *g(weight).stored;
  check(!matrix.transposed && matrix.shape[0] == matrix.row_count, "OnnxOps::linear: the weight is no plain matrix");
  matrix.name += ".transposed";
  matrix.transposed = true;
  std::swap(matrix.shape[0], matrix.shape[1]);
  const DType type = type_of(weight);
  Shape out = shape_of(x);
  out.back() = matrix.shape[1];
  const std::string module = module_of(weight);
  Value y = graph_.node(module, "MatMul", {cast(x, type), graph_.stored(std::move(matrix), type)}, {type, out});
  if (bias) y = graph_.node(module, "Add", {y, cast(bias, type)}, {type, out});
  return activate(y, activation);
}

Value OnnxOps::convolution(const char* operation, const Value& x, const Value& weight, const Value& bias,
                           const Shape& out_shape, const std::vector<onnx::AttributeProto>& attributes) {
  const DType type = type_of(weight);
  std::vector<Value> inputs = {cast(x, type), weight};
  if (bias) inputs.push_back(cast(bias, type));
  return graph_.node(module_of(weight), operation, inputs, {type, out_shape}, attributes);
}

Value OnnxOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride, int padding) {
  const Shape &in = shape_of(x), &kernel = shape_of(weight);
  const auto side = [&](std::size_t i) { return (in.at(i) + 2 * padding - kernel.at(i)) / stride + 1; };
  return convolution("Conv", x, weight, bias, {in.at(0), kernel.at(0), side(2), side(3)},
                     {attribute("kernel_shape", std::vector<std::int64_t>{kernel[2], kernel[3]}),
                      attribute("strides", std::vector<std::int64_t>(2, stride)),
                      attribute("pads", std::vector<std::int64_t>(4, padding))});
}

Value OnnxOps::conv_transpose2d(const Value& x, const Value& weight, const Value& bias, int stride) {
  const Shape &in = shape_of(x), &kernel = shape_of(weight);
  return convolution("ConvTranspose", x, weight, bias, {in.at(0), kernel.at(1), in.at(2) * stride, in.at(3) * stride},
                     {attribute("kernel_shape", std::vector<std::int64_t>{kernel[2], kernel[3]}),
                      attribute("strides", std::vector<std::int64_t>(2, stride))});
}

// The turn is done in the projection's own type, so that a graph in float16 attends in float16.
Value OnnxOps::rotary_self_attention(const Value& qkv, const RotaryTable& table, int heads) {
  return Ops::rotary_self_attention(qkv, {cast_like(table.cos, qkv), cast_like(table.sin, qkv), table.head_dim}, heads);
}

}  // namespace samcache

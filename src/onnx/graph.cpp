#include "onnx/graph.h"

#include <algorithm>

#include "base/error.h"
#include "base/hashing.h"
#include "tensors/cast.h"
#include "tensors/tensor.h"

namespace samcache {
namespace {

onnx::ValueInfoProto value_info(const std::string& name, DType type, const Shape& shape,
                                const std::map<std::int64_t, std::string>& dimension_names) {
  onnx::ValueInfoProto info;
  info.set_name(name);
  onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx_type(type));
  onnx::TensorShapeProto& dims = *tensor.mutable_shape();
  for (const std::int64_t size : shape) {
    onnx::TensorShapeProto::Dimension& dimension = *dims.add_dim();
    if (size >= 0) {
      dimension.set_dim_value(size);
    } else if (const auto found = dimension_names.find(size); found != dimension_names.end()) {
      dimension.set_dim_param(found->second);
    }
  }
  return info;
}

std::string joined(const Shape& shape, char separator) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : std::string(1, separator)) + std::to_string(size);
  return text;
}

// Two stored tensors with the same key are the same numbers in the same form.
std::string key_of(const StoredTensor& tensor) {
  const std::string source = tensor.weight.empty() ? xxh3_hex(tensor.bytes) : tensor.weight;
  return source + "|" + std::string(dtype_name(tensor.dtype)) + "|" + std::to_string(tensor.first_row) + "+" +
         std::to_string(tensor.row_count) + (tensor.transposed ? "T" : "") + "|" + joined(tensor.shape, 'x');
}

}  // namespace

onnx::TensorProto::DataType onnx_type(DType dtype) {
  switch (dtype) {
    case DType::kF32: return onnx::TensorProto::FLOAT;
    case DType::kF16: return onnx::TensorProto::FLOAT16;
    case DType::kI64: return onnx::TensorProto::INT64;
    case DType::kBool: return onnx::TensorProto::BOOL;
    default: throw std::logic_error("onnx_type: no graph of ours has " + std::string(dtype_name(dtype)));
  }
}

std::uint64_t StoredTensor::size_bytes() const { return tensor_size_bytes(dtype, shape).value(); }

std::int64_t Graph::dimension(const std::string& name) {
  const auto found = dimension_ids_.find(name);
  if (found != dimension_ids_.end()) return found->second;
  const std::int64_t id = unknown_dimension();
  dimension_ids_[name] = id;
  dimension_names_[id] = name;
  return id;
}

Value Graph::input(const std::string& name, DType type, const Shape& shape) {
  check(names_.insert(name).second, "Graph::input: there are two inputs " + name);
  inputs_.push_back(value_info(name, type, shape, dimension_names_));
  return wrap({.name = name, .type = type, .shape = shape});
}

void Graph::output(const std::string& name, const Value& value, const Shape& shape) {
  const GraphValue& result = of(value);
  check(!result.name.empty(), "Graph::output: nothing computes " + name);
  renamed_[result.name] = name;
  check(names_.insert(name).second, "Graph::output: the name " + name + " is taken");
  outputs_.push_back(value_info(name, result.type, shape, dimension_names_));
}

Value Graph::stored(StoredTensor tensor, DType type) {
  Shape shape = tensor.shape;
  return wrap({.type = type, .shape = std::move(shape), .stored = std::make_shared<StoredTensor>(std::move(tensor))});
}

Value Graph::floats(const Shape& shape, std::span<const float> data, DType type) {
  StoredTensor tensor;
  tensor.dtype = type;
  tensor.shape = tensor.source_shape = shape;
  tensor.row_count = shape.empty() ? 1 : shape[0];
  if (type == DType::kF16) {
    std::vector<std::uint16_t> halves(data.size());
    f32_to_f16(data, halves);
    tensor.bytes = SharedBytes::copy_of(bytes_of(halves));
  } else {
    tensor.bytes = SharedBytes::copy_of(std::as_bytes(data));
  }
  tensor.name = shape.empty() ? "scalar" : "constant_" + joined(shape, 'x');
  return stored(std::move(tensor), type);
}

Value Graph::integers(const Shape& shape, std::span<const std::int64_t> data) {
  StoredTensor tensor;
  tensor.dtype = DType::kI64;
  tensor.shape = tensor.source_shape = shape;
  tensor.row_count = shape.empty() ? 1 : shape[0];
  tensor.bytes = SharedBytes::copy_of(std::as_bytes(data));
  tensor.name = "integers_" + joined(Shape(data.begin(), data.end()), '_');
  return stored(std::move(tensor), DType::kI64);
}

std::string Graph::unique(const std::string& name) {
  std::string candidate = name;
  for (int i = 2; !names_.insert(candidate).second; ++i) candidate = name + "_" + std::to_string(i);
  return candidate;
}

std::string Graph::use(const Value& value) {
  if (!value) return {};
  const GraphValue& operand = of(value);
  if (operand.stored == nullptr) return operand.name;
  const auto [entry, is_new] = stored_names_.try_emplace(key_of(*operand.stored));
  if (is_new) {
    entry->second = unique(operand.stored->name);
    initializers_.push_back(*operand.stored);
    initializers_.back().name = entry->second;
  }
  if (operand.type == operand.stored->dtype) return entry->second;
  const auto [wide, is_new_cast] = widened_.try_emplace(entry->second);
  if (is_new_cast) {
    wide->second = unique(entry->second + "/Cast");
    onnx::NodeProto& cast = nodes_.emplace_back();
    cast.set_op_type("Cast");
    cast.add_input(entry->second);
    cast.add_output(wide->second);
    *cast.add_attribute() = attribute("to", std::int64_t{onnx_type(operand.type)});
  }
  return wide->second;
}

Value Graph::node(const std::string& scope, const char* operation, const std::vector<Value>& inputs,
                  const TypeAndShape& result, const std::vector<onnx::AttributeProto>& attributes) {
  onnx::NodeProto node;
  node.set_op_type(operation);
  for (const Value& input : inputs) node.add_input(use(input));
  for (const onnx::AttributeProto& attribute : attributes) *node.add_attribute() = attribute;
  const std::string name = unique((scope.empty() ? name_ : scope) + "/" + operation);
  node.add_output(name);
  nodes_.push_back(std::move(node));
  return wrap({.name = name, .type = result.type, .shape = result.shape});
}

void Graph::rename(const Value& value, const std::string& name) {
  if (const std::string& first = of(value).name; !first.empty()) wishes_.emplace_back(first, name);
}

void Graph::grant_wishes() {
  for (const onnx::ValueInfoProto& input : inputs_) renamed_.try_emplace(input.name(), input.name());
  for (const auto& [first, name] : wishes_) {
    if (!renamed_.contains(first)) renamed_[first] = unique(name);
  }
}

std::unordered_set<std::string> Graph::needed_values() const {
  std::unordered_set<std::string> needed;
  std::unordered_set<std::string> output_names;
  for (const onnx::ValueInfoProto& output : outputs_) output_names.insert(output.name());
  for (const auto& [first, final_name] : renamed_) {
    if (output_names.contains(final_name)) needed.insert(first);
  }
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (needed.contains(node->output(0))) needed.insert(node->input().begin(), node->input().end());
  }
  return needed;
}

Graph::Built Graph::build() && {
  grant_wishes();
  const std::unordered_set<std::string> needed = needed_values();
  const auto final_name = [this](const std::string& name) {
    const auto found = renamed_.find(name);
    return found == renamed_.end() ? name : found->second;
  };
  Built built;
  built.graph.set_name(name_);
  for (onnx::NodeProto& node : nodes_) {
    if (!needed.contains(node.output(0))) continue;
    for (std::string& input : *node.mutable_input()) input = final_name(input);
    node.set_output(0, final_name(node.output(0)));
    node.set_name(node.output(0));
    *built.graph.add_node() = std::move(node);
  }
  for (const onnx::ValueInfoProto& input : inputs_) *built.graph.add_input() = input;
  for (const onnx::ValueInfoProto& output : outputs_) *built.graph.add_output() = output;
  std::copy_if(initializers_.begin(), initializers_.end(), std::back_inserter(built.initializers),
               [&](const StoredTensor& tensor) { return needed.contains(tensor.name); });
  return built;
}

onnx::AttributeProto attribute(const char* name, std::int64_t value) {
  onnx::AttributeProto made;
  made.set_name(name);
  made.set_type(onnx::AttributeProto::INT);
  made.set_i(value);
  return made;
}

onnx::AttributeProto attribute(const char* name, float value) {
  onnx::AttributeProto made;
  made.set_name(name);
  made.set_type(onnx::AttributeProto::FLOAT);
  made.set_f(value);
  return made;
}

onnx::AttributeProto attribute(const char* name, const char* value) {
  onnx::AttributeProto made;
  made.set_name(name);
  made.set_type(onnx::AttributeProto::STRING);
  made.set_s(value);
  return made;
}

onnx::AttributeProto attribute(const char* name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto made;
  made.set_name(name);
  made.set_type(onnx::AttributeProto::INTS);
  made.mutable_ints()->Assign(values.begin(), values.end());
  return made;
}

onnx::AttributeProto fill_attribute(float value) {
  onnx::AttributeProto made;
  made.set_name("value");
  made.set_type(onnx::AttributeProto::TENSOR);
  made.mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
  made.mutable_t()->add_dims(1);
  made.mutable_t()->add_float_data(value);
  return made;
}

onnx::AttributeProto fill_attribute(std::int64_t value) {
  onnx::AttributeProto made = fill_attribute(0.0f);
  made.mutable_t()->set_data_type(onnx::TensorProto::INT64);
  made.mutable_t()->clear_float_data();
  made.mutable_t()->add_int64_data(value);
  return made;
}

}  // namespace samcache

// An ONNX graph while it is being recorded. Internal to onnx/; export.h is the front door.
//
// Values are named when they are made. What is stored (weights, constants) enters the graph when a node uses it, once
// however often it is used, and views of it (a reshape, some rows, a transpose) are stored as such instead of being
// computed by nodes. build() leaves out whatever the outputs do not need: the model's constructors prepare all of it.
//
// Shapes: a dimension that is known only when the graph runs is a negative number; equal numbers are equal sizes.
// Not thread-safe.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "model/ops.h"
#include "tensors/dtype.h"

namespace samcache {

// Opset 17 is the first with LayerNormalization; every onnxruntime since 1.12 takes these two.
inline constexpr int kOnnxOpset = 17;
inline constexpr int kOnnxIrVersion = 8;

onnx::TensorProto::DataType onnx_type(DType dtype);

// Numbers that are stored in the file: a weight of the checkpoint or bytes of our own, or a view of either.
struct StoredTensor {
  std::string weight;  // canonical name; empty: `bytes`
  SharedBytes bytes;   // row-major, of type `dtype`
  std::string name;    // in the graph, if no other tensor has it already
  DType dtype = DType::kF32;
  Shape source_shape = {};     // of the weight or the bytes as a whole
  std::int64_t first_row = 0;  // rows [first_row, first_row + row_count) of source_shape's first dimension…
  std::int64_t row_count = 0;
  bool transposed = false;  // …seen as a matrix of `row_count` rows, which is then transposed
  Shape shape = {};         // as the graph sees the result

  std::uint64_t size_bytes() const;
};

struct GraphValue {
  std::string name = {};     // of a computed value
  DType type = DType::kF32;  // that nodes see
  Shape shape = {};
  std::shared_ptr<const StoredTensor> stored = nullptr;  // else; its dtype may be narrower than `type`
};

class Graph {
 public:
  // name: of the part of the model, for nodes that lie in no scope.
  explicit Graph(std::string name) : name_(std::move(name)) {}

  static Value wrap(GraphValue value) { return Value(std::make_shared<const GraphValue>(std::move(value))); }
  static const GraphValue& of(const Value& value) { return value.as<GraphValue>(); }

  // A dimension of this name, or one that nothing is known of.
  std::int64_t dimension(const std::string& name);
  std::int64_t unknown_dimension() { return -2 - dimensions_++; }  // -1 means other things in reshapes

  Value input(const std::string& name, DType type, const Shape& shape);
  // Declares `value` as the graph's output `name`; `shape` is what is declared of it.
  void output(const std::string& name, const Value& value, const Shape& shape);

  Value stored(StoredTensor tensor, DType type);
  Value floats(const Shape& shape, std::span<const float> data, DType type = DType::kF32);
  Value integers(const Shape& shape, std::span<const std::int64_t> data);

  struct TypeAndShape {
    DType type = DType::kF32;
    Shape shape = {};
  };
  // Adds a node with one output. An empty Value among the inputs is an input left out. `scope` names the node together
  // with its operation. Attributes are added to the node that `attributes` fills in.
  Value node(const std::string& scope, const char* operation, const std::vector<Value>& inputs,
             const TypeAndShape& result, const std::vector<onnx::AttributeProto>& attributes = {});

  // A name for people, instead of the one made from scope and operation. An output's name comes first, then the name
  // that was given first.
  void rename(const Value& value, const std::string& name);

  const std::string& name() const { return name_; }

  struct Built {
    onnx::GraphProto graph;  // without initializers
    std::vector<StoredTensor> initializers;
  };
  // Once, at the end.
  Built build() &&;

 private:
  std::string unique(const std::string& name);
  void grant_wishes();
  // What a node's input is called: puts stored tensors into the graph, widens them if they are stored narrow.
  std::string use(const Value& value);
  std::unordered_set<std::string> needed_values() const;

  std::string name_;
  std::int64_t dimensions_ = 0;
  std::map<std::string, std::int64_t> dimension_ids_;
  std::map<std::int64_t, std::string> dimension_names_;
  std::vector<onnx::NodeProto> nodes_;
  std::vector<onnx::ValueInfoProto> inputs_, outputs_;
  std::unordered_map<std::string, std::string> renamed_;       // values' first names -> final names
  std::vector<std::pair<std::string, std::string>> wishes_;    // the same, from rename()
  std::unordered_set<std::string> names_;                      // taken
  std::vector<StoredTensor> initializers_;                     // in use, named
  std::unordered_map<std::string, std::string> stored_names_;  // by what the tensor is -> its name in the graph
  std::unordered_map<std::string, std::string> widened_;       // initializer -> the same in float32
};

onnx::AttributeProto attribute(const char* name, std::int64_t value);
onnx::AttributeProto attribute(const char* name, float value);
onnx::AttributeProto attribute(const char* name, const char* value);
onnx::AttributeProto attribute(const char* name, const std::vector<std::int64_t>& values);
// What ConstantOfShape fills its result with.
onnx::AttributeProto fill_attribute(float value);
onnx::AttributeProto fill_attribute(std::int64_t value);

}  // namespace samcache

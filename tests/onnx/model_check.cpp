// onnx_model_check FILE…: ONNX's own checker and its shape inference, strict, on each model; exit code 1 if any fails.
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <set>
#include <string>

namespace {

onnx::ModelProto read_model(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  onnx::ModelProto model;
  if (!model.ParseFromIstream(&file)) throw std::runtime_error("no ONNX model");
  return model;
}

constexpr int kEqualByChance = 4096;  // bytes: two biases of zeros are no mistake

// What must hold beyond the checker's rules: nodes have names of their own, and no weight is there twice.
void check_names(const onnx::GraphProto& graph) {
  std::set<std::string> names, data;
  for (const onnx::NodeProto& node : graph.node()) {
    if (node.name().empty() || !names.insert(node.name()).second) {
      throw std::runtime_error("a node's name is missing or taken: " + node.name());
    }
  }
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    if (tensor.raw_data().size() > kEqualByChance && !data.insert(tensor.raw_data()).second) {
      throw std::runtime_error("two initializers are the same: " + tensor.name());
    }
  }
}

// Shape inference has something to say of every value.
void check_inferred(const onnx::GraphProto& graph) {
  std::set<std::string> known;
  for (const onnx::ValueInfoProto& value : graph.value_info()) known.insert(value.name());
  for (const onnx::ValueInfoProto& value : graph.output()) known.insert(value.name());
  for (const onnx::NodeProto& node : graph.node()) {
    if (!known.contains(node.output(0))) throw std::runtime_error("no shape inferred for " + node.output(0));
  }
}

void check_file(const std::string& path) {
  onnx::checker::check_model(path);
  onnx::ModelProto model = read_model(path);
  check_names(model.graph());
  const onnx::ShapeInferenceOptions options(/*check_type_val=*/true, /*strict_mode_val=*/1, /*data_prop_val=*/true);
  onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), options);
  check_inferred(model.graph());
  std::printf("%s: %d nodes, %d initializers\n", path.c_str(), model.graph().node_size(),
              model.graph().initializer_size());
}

}  // namespace

int main(int argc, char** argv) {
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    try {
      check_file(argv[i]);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", argv[i], error.what());
      failed = 1;
    }
  }
  return failed;
}

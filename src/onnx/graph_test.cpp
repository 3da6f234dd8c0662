#include "onnx/graph.h"

#include <gtest/gtest.h>

#include "onnx/onnx_ops.h"

namespace samcache {
namespace {

const std::vector<float> kFour = {1, 2, 3, 4};

std::vector<std::string> operations(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  for (const onnx::NodeProto& node : graph.node()) names.push_back(node.op_type());
  return names;
}

class RecordedGraph : public testing::Test {
 protected:
  Value input(const Shape& shape) { return graph_.input("x", DType::kF32, shape); }
  const Shape& shape_of(const Value& value) { return Graph::of(value).shape; }
  Graph::Built built(const Value& result) {
    graph_.output("result", result, shape_of(result));
    return std::move(graph_).build();
  }

  Graph graph_{"part"};
  OnnxOps ops_{graph_};
};

TEST_F(RecordedGraph, LeavesOutWhatTheOutputDoesNotNeed) {
  const Value x = input({2, 2});
  ops_.sin(ops_.add(x, ops_.constant({4}, kFour)));
  const Graph::Built graph = built(ops_.relu(x));
  EXPECT_EQ(operations(graph.graph), std::vector<std::string>{"Relu"});
  EXPECT_TRUE(graph.initializers.empty());
}

TEST_F(RecordedGraph, StoresEqualConstantsOnce) {
  const Value x = input({2, 2});
  const Value once = ops_.add(x, ops_.constant({2, 2}, kFour));
  const Graph::Built graph = built(ops_.add(once, ops_.constant({2, 2}, kFour)));
  EXPECT_EQ(graph.initializers.size(), 1u);
}

TEST_F(RecordedGraph, StoresRowsAndShapesOfConstantsInsteadOfComputingThem) {
  const Value rows = ops_.slice(ops_.constant({2, 2}, kFour), 0, 1, 2);
  const Graph::Built graph = built(ops_.add(input({2, 1}), ops_.reshape(rows, {2, 1})));
  EXPECT_EQ(operations(graph.graph), std::vector<std::string>{"Add"});
  ASSERT_EQ(graph.initializers.size(), 1u);
  EXPECT_EQ(graph.initializers[0].shape, (Shape{2, 1}));
  EXPECT_EQ(graph.initializers[0].first_row, 1);
  EXPECT_EQ(graph.initializers[0].row_count, 1);
}

TEST_F(RecordedGraph, KeepsTrackOfSizesThatOnlyTheRunKnows) {
  const std::int64_t batch = graph_.dimension("batch");
  const Value x = input({batch, 6, 4});
  EXPECT_EQ(shape_of(ops_.reshape(x, {0, -1})), (Shape{batch, 24}));
  EXPECT_EQ(shape_of(ops_.reshape(x, {-1, 24})), (Shape{batch, 24}));
  EXPECT_EQ(shape_of(ops_.reshape(x, {0, 3, 2, 4})), (Shape{batch, 3, 2, 4}));
  const Value windows = ops_.reshape(x, {-1, 3, 4});
  EXPECT_LT(shape_of(windows)[0], 0);
  EXPECT_NE(shape_of(windows)[0], batch);
  EXPECT_EQ(shape_of(ops_.concat({x, x}, 1)), (Shape{batch, 12, 4}));
  EXPECT_EQ(shape_of(ops_.matmul(x, ops_.permute(x, {0, 2, 1}))), (Shape{batch, 6, 6}));
}

TEST_F(RecordedGraph, RepeatsForABatchOnlyWhatHasNotItsSizeAlready) {
  const Value x = input({graph_.dimension("batch"), 2});
  EXPECT_EQ(&Graph::of(ops_.repeat_for_batch(x, x)), &Graph::of(x));
  const Graph::Built graph = built(ops_.repeat_for_batch(ops_.constant({1, 4}, kFour), x));
  EXPECT_EQ(operations(graph.graph), (std::vector<std::string>{"Shape", "Concat", "Expand"}));
}

TEST_F(RecordedGraph, SumsTakeTheWiderType) {
  const Value narrow = graph_.input("narrow", DType::kF16, {2, 2});
  const Value sum = ops_.add(narrow, input({2, 2}));
  EXPECT_EQ(Graph::of(sum).type, DType::kF32);
  EXPECT_EQ(operations(built(sum).graph), (std::vector<std::string>{"Cast", "Add"}));
}

TEST_F(RecordedGraph, WidensWhatIsStoredNarrowOnce) {
  StoredTensor half;
  half.bytes = SharedBytes::copy_of(bytes_of(std::vector<std::uint16_t>(4)));
  half.name = "half";
  half.dtype = DType::kF16;
  half.shape = half.source_shape = {2, 2};
  half.row_count = 2;
  const Value wide = graph_.stored(half, DType::kF32);
  const Value x = input({2, 2});
  const Graph::Built graph = built(ops_.mul(ops_.add(x, wide), wide));
  EXPECT_EQ(operations(graph.graph), (std::vector<std::string>{"Cast", "Add", "Mul"}));
}

TEST_F(RecordedGraph, TapsNameValuesAndOutputsKeepTheirName) {
  const Value x = input({2, 2});
  Value inner, outer;
  {
    const Ops::TapScope scope(ops_, "stage/");
    inner = ops_.sin(x);
    ops_.tap("angle", inner);
    outer = ops_.cos(inner);
  }
  ops_.tap("result", outer);  // what another value of the model is called
  const Graph::Built graph = built(ops_.relu(outer));
  EXPECT_EQ(graph.graph.node(0).name(), "stage/angle");
  EXPECT_EQ(graph.graph.node(1).input(0), "stage/angle");
  EXPECT_EQ(graph.graph.node(1).name(), "result_2");
  EXPECT_EQ(graph.graph.node(2).output(0), "result");
}

}  // namespace
}  // namespace samcache

// The part that answers clicks and boxes: prompt encoder and mask decoder.
//
// Inputs are those of Hugging Face's Sam3TrackerModel, as transformers.js passes them. The model's own functions take
// one sequence of labelled points an object (see PromptEncoder::sparse): here a box becomes its two corners, sequences
// are put together and padded, and everything of a picture is repeated for its objects, with sizes that are known only
// when the graph runs.
#include "onnx/parts.h"
#include "tensors/encoding_file.h"

namespace samcache {
namespace {

// Arithmetic on sizes: integers [1] in, integers [1] (or a shape) out.
class Sizes {
 public:
  explicit Sizes(OnnxOps& ops) : ops_(ops) {}
  Value of(std::int64_t size) { return ops_.integers({1}, {&size, 1}); }
  Value max(const Value& a, const Value& b) { return op("Max", a, b); }
  Value min(const Value& a, const Value& b) { return op("Min", a, b); }
  Value add(const Value& a, const Value& b) { return op("Add", a, b); }
  Value subtract(const Value& a, const Value& b) { return op("Sub", a, b); }
  Value multiply(const Value& a, const Value& b) { return op("Mul", a, b); }
  Value shape(const std::vector<Value>& sizes) { return ops_.concat(sizes, 0); }

 private:
  Value op(const char* operation, const Value& a, const Value& b) {
    return ops_.node(operation, {a, b}, {DType::kI64, {1}});
  }
  OnnxOps& ops_;
};

class PromptDecoderPart {
 public:
  explicit PromptDecoderPart(PartRecorder& part) : part_(part), ops_(part.ops), graph_(part.graph), sizes_(part.ops) {
    const std::int64_t batch = graph_.dimension("batch_size");
    points_ = graph_.input("input_points", DType::kF32,
                           {batch, graph_.dimension("num_point_sets"), graph_.dimension("num_points"), 2});
    labels_ = graph_.input("input_labels", DType::kI64,
                           {batch, graph_.dimension("num_label_sets"), graph_.dimension("num_points")});
    boxes_ = graph_.input("input_boxes", DType::kF32, {batch, graph_.dimension("num_boxes"), 4});
    images_ = ops_.size_of(points_, 0);
    const Value box_count = ops_.size_of(boxes_, 1);
    objects_ = sizes_.max(ops_.size_of(points_, 1), box_count);
    all_objects_ = sizes_.multiply(images_, objects_);
    any_box_ = sizes_.min(box_count, sizes_.of(1));
    corner_count_ = sizes_.multiply(any_box_, sizes_.of(2));
    point_count_ = ops_.size_of(points_, 2);
    // An empty prompt has no padding point either: the official code embeds nothing then.
    padding_count_ = sizes_.min(sizes_.add(point_count_, corner_count_), sizes_.of(1));
  }

  // [all objects, T, 2]: corners, points, padding
  Value coordinates() {
    const Value sequence = node("Concat",
                                {corners(), repeated(points_, {point_count_, sizes_.of(2)}, 4),
                                 filled(0.0f, {padding_count_, sizes_.of(2)}, 4)},
                                4, {attribute("axis", std::int64_t{2})});
    return flat(sequence, {tokens(), sizes_.of(2)}, {token_dimension_, 2});
  }

  // [all objects, T]: PointLabel as numbers
  Value labels() {
    const std::vector<float> corner_labels = {static_cast<float>(PointLabel::kBoxTopLeft),
                                              static_cast<float>(PointLabel::kBoxBottomRight)};
    const Value of_corners =
        node("Slice", {ops_.constant({1, 1, 2}, corner_labels), sizes_.of(0), corner_count_, sizes_.of(2)}, 3);
    const Value sequence =
        node("Concat",
             {repeated(of_corners, {corner_count_}, 3), repeated(ops_.cast(labels_, DType::kF32), {point_count_}, 3),
              filled(static_cast<float>(PointLabel::kPadding), {padding_count_}, 3)},
             3, {attribute("axis", std::int64_t{2})});
    return flat(sequence, {tokens()}, {token_dimension_});
  }

  InteractiveFeatures features() {
    const std::int64_t batch = graph_.dimension("batch_size");
    const std::vector<Shape> shapes = part_.interactive_shapes(batch);
    std::vector<Value> values;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const Value level = graph_.input(profile_tensor_names(Profile::kInteractive)[i], part_.feature_type, shapes[i]);
      const Shape map(shapes[i].begin() + 1, shapes[i].end());
      const Value apart = node("Unsqueeze", {level, sizes_.of(1)}, 5);
      const Value target = sizes_.shape({sizes_.of(1), objects_, sizes_.of(1), sizes_.of(1), sizes_.of(1)});
      values.push_back(flat(node("Expand", {apart, target}, 5), known(map), map));
    }
    return {values[0], values[1], values[2]};
  }

  // The mask to go on from, [all objects, 1, 4G, 4G], and whether it counts: 1 or 0, [1].
  std::pair<Value, Value> mask_input() {
    const std::int64_t side = part_.config.low_res_mask_size();
    const Value mask = graph_.input("mask_input", DType::kF32,
                                    {graph_.dimension("batch_size"), graph_.dimension("num_mask_sets"), 1, side, side});
    const Value there = graph_.input("has_mask_input", DType::kF32, {1});
    const Shape map = {1, side, side};
    return {flat(repeated(mask, known(map), 5), known(map), map), there};
  }

  void answer(const MaskCandidates& found, int first, int end) {
    const std::int64_t side = part_.config.low_res_mask_size();
    const std::int64_t batch = graph_.dimension("batch_size");
    const std::int64_t objects = graph_.dimension("num_objects");
    const std::int64_t count = end - first;
    output("iou_scores", ops_.slice(found.iou, 1, first, end), {batch, objects, count});
    output("pred_masks", ops_.slice(found.masks, 1, first, end), {batch, objects, count, side, side});
    output("object_score_logits", found.object_score, {batch, objects, 1});
  }

 private:
  // A node whose result the model never looks at: only the number of its dimensions is known.
  Value node(const char* operation, const std::vector<Value>& inputs, int rank,
             const std::vector<onnx::AttributeProto>& attributes = {}) {
    Shape shape;
    for (int i = 0; i < rank; ++i) shape.push_back(graph_.unknown_dimension());
    return ops_.node(operation, inputs, {Graph::of(inputs[0]).type, shape}, attributes);
  }

  std::vector<Value> known(const Shape& shape) {
    std::vector<Value> values;
    for (const std::int64_t size : shape) values.push_back(sizes_.of(size));
    return values;
  }

  // [images, objects, ...]
  Value per_object_shape(std::vector<Value> rest) {
    rest.insert(rest.begin(), {images_, objects_});
    return sizes_.shape(rest);
  }

  // x [images, objects or 1, …rest] -> [images, objects, …rest]
  Value repeated(const Value& x, const std::vector<Value>& rest, int rank) {
    return node("Expand", {x, per_object_shape(rest)}, rank);
  }

  Value filled(float value, const std::vector<Value>& rest, int rank) {
    Shape shape;
    for (int i = 0; i < rank; ++i) shape.push_back(graph_.unknown_dimension());
    return ops_.node("ConstantOfShape", {per_object_shape(rest)}, {DType::kF32, shape}, {fill_attribute(value)});
  }

  // boxes [images, N, 4] -> [images, objects, 2 or 0, 2]
  Value corners() {
    // Without any box the reshape makes nothing of nothing, for every object.
    const Value no_box = sizes_.subtract(sizes_.of(1), any_box_);
    const Value sets = sizes_.max(ops_.size_of(boxes_, 1), sizes_.multiply(no_box, objects_));
    const Value target = sizes_.shape({images_, sets, corner_count_, sizes_.of(2)});
    return repeated(node("Reshape", {boxes_, target}, 4, {attribute("allowzero", std::int64_t{1})}),
                    {corner_count_, sizes_.of(2)}, 4);
  }

  Value tokens() { return sizes_.add(sizes_.add(corner_count_, point_count_), padding_count_); }

  // x [images, objects, …rest] -> [all objects, …rest]
  Value flat(const Value& x, std::vector<Value> rest, Shape shape) {
    rest.insert(rest.begin(), all_objects_);
    shape.insert(shape.begin(), object_dimension_);
    return ops_.node("Reshape", {x, sizes_.shape(rest)}, {Graph::of(x).type, shape},
                     {attribute("allowzero", std::int64_t{1})});
  }

  // value [all objects, …] -> [images, objects, …]
  void output(const std::string& name, const Value& value, const Shape& shape) {
    const Shape rest(shape.begin() + 2, shape.end());
    const Value apart =
        node("Reshape", {ops_.cast(value, DType::kF32), per_object_shape(known(rest))}, static_cast<int>(shape.size()));
    part_.output(name, apart, DType::kF32, shape);
  }

  PartRecorder& part_;
  OnnxOps& ops_;
  Graph& graph_;
  Sizes sizes_;
  Value points_, labels_, boxes_;
  Value images_, objects_, all_objects_, any_box_, corner_count_, point_count_, padding_count_;
  std::int64_t object_dimension_ = graph_.unknown_dimension();
  std::int64_t token_dimension_ = graph_.unknown_dimension();
};

}  // namespace

void record_prompt_decoder(PartRecorder& part, const Sam3ImageModel& model, bool with_mask) {
  OnnxOps& ops = part.ops;
  PromptDecoderPart inputs(part);
  const Value coordinates = inputs.coordinates();
  const Value labels = inputs.labels();
  const InteractiveFeatures features = inputs.features();
  Value embedding = model.embed_mask(ops, {});
  if (with_mask) {
    const auto [mask, there] = inputs.mask_input();
    embedding =
        ops.add(ops.mul(model.embed_mask(ops, mask), there), ops.mul(embedding, ops.affine(there, -1.0f, 1.0f)));
  }
  const MaskCandidates found = model.decode_embedded(ops, features, coordinates, labels, embedding);
  inputs.answer(found, with_mask ? 0 : 1, part.config.mask_decoder.mask_tokens());
}

}  // namespace samcache

// The parts that find every instance of a concept: text encoder and detector.
//
// Names are those of Hugging Face's Sam3Model where it has the same thing. One picture at a time.
#include "onnx/parts.h"
#include "tensors/encoding_file.h"

namespace samcache {
namespace {

Value column(OnnxOps& ops, const Value& x, int i) { return ops.slice(x, -1, i, i + 1); }

// boxes [.., 4] as centre and size -> as corners
Value corners_of(OnnxOps& ops, const Value& boxes) {
  const auto edge = [&](int centre, int side, float sign) {
    return ops.add(column(ops, boxes, centre), ops.affine(column(ops, boxes, side), 0.5f * sign, 0.0f));
  };
  return ops.concat({edge(0, 2, -1.0f), edge(1, 3, -1.0f), edge(0, 2, 1.0f), edge(1, 3, 1.0f)}, -1);
}

// The exemplar boxes of the graph's inputs. RoIAlign is an operation of ONNX's own, with the official arithmetic.
ExemplarBoxes exemplar_inputs(PartRecorder& part, const ConceptFeatures& image) {
  OnnxOps& ops = part.ops;
  const std::int64_t count = part.graph.dimension("num_boxes");
  ExemplarBoxes boxes;
  boxes.cxcywh = part.graph.input("input_boxes", DType::kF32, {1, count, 4});
  boxes.labels = part.graph.input("input_boxes_labels", DType::kI64, {1, count});
  const Value corners = ops.affine(corners_of(ops, boxes.cxcywh), static_cast<float>(part.config.grid()), 0.0f);
  const Value of_first_picture = ops.node("ConstantOfShape", {ops.size_of(boxes.cxcywh, 1)}, {DType::kI64, {count}},
                                          {fill_attribute(std::int64_t{0})});
  const std::int64_t size = part.config.roi_size;
  boxes.regions = ops.node("RoiAlign", {image.geometry.pooled_from, ops.reshape(corners, {-1, 4}), of_first_picture},
                           {DType::kF32, {count, part.config.fpn_width, size, size}},
                           {attribute("mode", "avg"), attribute("output_height", size), attribute("output_width", size),
                            attribute("sampling_ratio", std::int64_t{0}), attribute("spatial_scale", 1.0f),
                            attribute("coordinate_transformation_mode", "output_half_pixel")});
  return boxes;
}

// As ConceptDetector::prompt puts it together.
PromptSequence prompt_sequence(PartRecorder& part, const Value& geometry) {
  OnnxOps& ops = part.ops;
  const std::int64_t length = part.graph.dimension("num_tokens");
  const Value text = part.graph.input("text_features", part.feature_type, {1, length, part.config.fpn_width});
  const Value mask = part.graph.input("attention_mask", DType::kI64, {1, length});
  PromptSequence prompt;
  prompt.tokens = ops.concat({text, geometry}, 1);
  const std::int64_t all = Graph::of(prompt.tokens).shape[1];
  const std::int64_t one = 1;
  const Value geometry_shape = ops.concat({part.graph.integers({1}, {&one, 1}), ops.size_of(geometry, 1)}, 0);
  const Value ones = ops.node("Expand", {ops.constant({1, 1}, std::vector<float>{1.0f}), geometry_shape},
                              {DType::kF32, {1, Graph::of(geometry).shape[1]}});
  const Value there = ops.node("Concat", {ops.cast(mask, DType::kF32), ones}, {DType::kF32, {1, all}},
                               {attribute("axis", std::int64_t{1})});
  prompt.bias = ops.reshape(ops.log(there), {1, 1, 1, -1});  // log 1 is 0, log 0 is -infinity
  const Value sum = ops.node("ReduceSum", {there, part.graph.integers({1}, {&one, 1})}, {DType::kF32, {1, 1}});
  prompt.weights = ops.reshape(ops.node("Div", {there, sum}, {DType::kF32, {1, all}}), {1, 1, -1});
  return prompt;
}

}  // namespace

void record_text_encoder(PartRecorder& part, const ConceptDetector& detector) {
  const std::int64_t batch = part.graph.dimension("batch_size");
  const int tokens = part.config.text.context;
  const Value ids = part.graph.input("input_ids", DType::kI64, {batch, tokens});
  part.output("text_features", detector.encode_text(part.ops, ids, tokens), part.feature_type,
              {batch, tokens, part.config.fpn_width});
}

void record_concept_decoder(PartRecorder& part, const ConceptDetector& detector) {
  OnnxOps& ops = part.ops;
  const std::vector<std::string>& names = profile_tensor_names(Profile::kDetector);
  const std::vector<Shape> shapes = part.detector_shapes(1);
  FeaturePyramid levels;
  for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = part.graph.input(names[i], part.feature_type, shapes[i]);
  const ConceptFeatures image = detector.prepare(ops, levels);
  const Value geometry = detector.exemplar_tokens(ops, image, exemplar_inputs(part, image));
  const PromptSequence prompt = prompt_sequence(part, geometry);
  const Value memory = detector.fuse(ops, image, prompt);
  const ConceptCandidates found = detector.detect(ops, memory, prompt);
  const Value masks =
      detector.masks(ops, detector.pixels(ops, image, memory, prompt), detector.filters(ops, found.queries));
  const std::int64_t queries = part.config.queries, side = part.config.low_res_mask_size();
  part.output("pred_masks", ops.reshape(masks, {0, 0, side, side}), DType::kF32, {1, queries, side, side});
  part.output("pred_boxes", corners_of(ops, found.boxes), DType::kF32, {1, queries, 4});
  part.output("pred_logits", found.logits, DType::kF32, {1, queries});
  part.output("presence_logits", found.presence, DType::kF32, {1, 1});
}

}  // namespace samcache

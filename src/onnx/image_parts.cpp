// The parts that run once for a picture: from pixels to feature maps.
#include "onnx/parts.h"
#include "tensors/encoding_file.h"

namespace samcache {
namespace {

Value pixel_values(PartRecorder& part, std::int64_t batch) {
  const std::int64_t side = part.config.vit.image_size;
  return part.graph.input("pixel_values", DType::kF32, {batch, 3, side, side});
}

Shape trunk_shape(const PartRecorder& part, std::int64_t batch) {
  return {batch, part.config.vit.hidden, part.config.grid(), part.config.grid()};
}

Value trunk_input(PartRecorder& part, std::int64_t batch) {
  return part.graph.input("trunk", part.feature_type, trunk_shape(part, batch));
}

void feature_outputs(PartRecorder& part, Profile profile, const std::vector<Value>& values,
                     const std::vector<Shape>& shapes) {
  const std::vector<std::string>& names = profile_tensor_names(profile);
  for (std::size_t i = 0; i < names.size(); ++i) part.output(names[i], values[i], part.feature_type, shapes[i]);
}

void interactive_outputs(PartRecorder& part, const Sam3ImageModel& model, const Value& trunk, std::int64_t batch) {
  const InteractiveFeatures features = model.interactive_features(part.ops, trunk);
  feature_outputs(part, Profile::kInteractive, {features.fine, features.middle, features.coarse},
                  part.interactive_shapes(batch));
}

}  // namespace

std::vector<Shape> PartRecorder::interactive_shapes(std::int64_t batch) const {
  const std::int64_t d = config.fpn_width, side = config.grid();
  return {{batch, d / 8, 4 * side, 4 * side}, {batch, d / 4, 2 * side, 2 * side}, {batch, d, side, side}};
}

std::vector<Shape> PartRecorder::detector_shapes(std::int64_t batch) const {
  const std::int64_t d = config.fpn_width, side = config.grid();
  return {{batch, d, 4 * side, 4 * side}, {batch, d, 2 * side, 2 * side}, {batch, d, side, side}};
}

void PartRecorder::output(const std::string& name, const Value& value, DType type, const Shape& shape) {
  graph.output(name, ops.cast(value, type), shape);
}

void record_vision_encoder(PartRecorder& part, const Sam3ImageModel& model) {
  const std::int64_t batch = part.graph.dimension("batch_size");
  interactive_outputs(part, model, model.trunk(part.ops, pixel_values(part, batch)), batch);
}

void record_trunk(PartRecorder& part, const Sam3ImageModel& model) {
  const std::int64_t batch = part.graph.dimension("batch_size");
  part.output("trunk", model.trunk(part.ops, pixel_values(part, batch)), part.feature_type, trunk_shape(part, batch));
}

void record_neck(PartRecorder& part, const Sam3ImageModel& model) {
  const std::int64_t batch = part.graph.dimension("batch_size");
  interactive_outputs(part, model, trunk_input(part, batch), batch);
}

void record_detector_neck(PartRecorder& part, const Sam3ImageModel& model) {
  const std::int64_t batch = part.graph.dimension("batch_size");
  const FeaturePyramid levels = model.detector_features(part.ops, trunk_input(part, batch));
  feature_outputs(part, Profile::kDetector, {levels.begin(), levels.end()}, part.detector_shapes(batch));
}

}  // namespace samcache

#include "golden/interactive_cases.h"

#include <stdexcept>

namespace samcache::golden {

std::unique_ptr<Engine> load_engine(const std::string& model, Precision precision, DType encoding_dtype) {
  EngineOptions options;
  options.model = model;
  options.precision = precision;
  options.encoding_dtype = encoding_dtype;
  Result<std::unique_ptr<Engine>> engine = Engine::load(options);
  if (!engine) throw std::runtime_error(engine.error().message);
  return std::move(*engine);
}

std::vector<InteractivePrompt> prompts_of(GoldenFile& golden, const Case& test, const RgbImage& image) {
  const float unit_x = test.normalized_coordinates ? static_cast<float>(image.width) : 1.0f;
  const float unit_y = test.normalized_coordinates ? static_cast<float>(image.height) : 1.0f;
  std::vector<InteractivePrompt> prompts(1);
  if (golden.has(test.name + "arg_point_coords")) {
    const Tensor& shape = golden.tensor(test.name + "arg_point_coords");
    const std::vector<float> points = as_floats(shape);
    const std::vector<float> labels = golden.floats(test.name + "arg_point_labels");
    prompts.resize(shape.rank() == 3 ? shape.shape[0] : 1);
    const std::size_t each = labels.size() / prompts.size();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      prompts[i / each].points.push_back({points[2 * i] * unit_x, points[2 * i + 1] * unit_y, labels[i] == 1.0f});
    }
  }
  if (golden.has(test.name + "arg_box")) {
    const std::vector<float> boxes = golden.floats(test.name + "arg_box");
    prompts.resize(boxes.size() / 4);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      prompts[i].box = {boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]};
    }
  }
  if (golden.has(test.name + "arg_mask_input")) {
    for (InteractivePrompt& prompt : prompts) prompt.mask_input = golden.floats(test.name + "arg_mask_input");
  }
  return prompts;
}

Outputs::Outputs(const std::vector<InteractiveAnswer>& answers) {
  for (const InteractiveAnswer& answer : answers) {
    for (const InteractiveMask& mask : answer.masks) {
      iou.push_back(mask.predicted_iou);
      low_res.insert(low_res.end(), mask.low_res.begin(), mask.low_res.end());
      masks.insert(masks.end(), mask.mask.pixels.begin(), mask.mask.pixels.end());
      logits.insert(logits.end(), mask.logits.begin(), mask.logits.end());
    }
  }
}

}  // namespace samcache::golden

// The interactive reference cases: their arguments as prompts, our answers as the official call returns them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "golden/golden_data.h"

namespace samcache::golden {

// Throws what is wrong with the model.
std::unique_ptr<Engine> load_engine(const std::string& model, Precision precision, DType encoding_dtype);

struct Tapped {
  std::map<std::string, std::vector<float>> values;
  Engine::TensorTap tap() {
    return [this](const std::string& name, const Tensor& tensor) { values[name] = as_floats(tensor); };
  }
};

struct Case {
  std::string name;  // "img0/inst/pt1_multi/"
  bool multimask = false;
  bool normalized_coordinates = false;  // arguments in 0..1 instead of pixels
};

// The arguments of a case: one prompt, or one a row where the official call had a batch.
std::vector<InteractivePrompt> prompts_of(GoldenFile& golden, const Case& test, const RgbImage& image);

// All answers of a batch one after the other.
struct Outputs {
  explicit Outputs(const std::vector<InteractiveAnswer>& answers);
  std::vector<float> iou, low_res, logits;
  std::vector<std::uint8_t> masks;
};

}  // namespace samcache::golden

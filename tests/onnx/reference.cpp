// onnx_reference MODEL OUT.safetensors [--click-only]
//
// Native answers for tests/onnx/parity.mjs: runs every golden interactive case and concept case on MODEL (which need
// not be the tiny one: the cases are pictures and prompts) in fp32 and writes what each ONNX part must be given and
// must answer, as tensors called PART|CASE|in|NAME and PART|CASE|out|NAME. --click-only: one picture, one click.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "golden/concept_cases.h"
#include "golden/interactive_cases.h"
#include "model/tokenizer/tokenizer.h"
#include "tensors/safetensors.h"

namespace samcache::golden {
namespace {

constexpr float kEveryQuery = -1.0f;  // a threshold that all scores pass

class Reference {
 public:
  explicit Reference(const std::string& model) : model_(model) {
    EngineOptions options;
    options.model = model;
    options.precision = Precision::kFp32;
    options.encoding_dtype = DType::kF32;
    options.text_cache_bytes = 0;  // every use of a text is to show its features
    engine_ = std::move(Engine::load(options).value());
  }

  void add_picture(const std::string& name, const std::string& file, bool click_only) {
    const RgbImage image = read_picture(file);
    constexpr Profile kProfiles[] = {Profile::kTrunk, Profile::kInteractive, Profile::kDetector};
    Tapped tapped;
    engine_->set_tap([&](const std::string& tap, const Tensor& value) {
      if (tap == "input") tapped.values[tap] = as_floats(value);
    });
    const std::vector<Encoding> encodings = engine_->encode(image, {}, kProfiles).value();
    engine_->set_tap({});
    const int side = config().vit.image_size;
    const Tensor pixels = floats("pixel_values", {1, 3, side, side}, tapped.values.at("input"));
    add("vision_encoder", name, {pixels}, encodings[1].tensors);
    if (!click_only) {
      add("trunk", name, {pixels}, encodings[0].tensors);
      add("neck", name, encodings[0].tensors, encodings[1].tensors);
      add("detector_neck", name, encodings[0].tensors, encodings[2].tensors);
      add_concepts(name, image, encodings[2]);
    }
    add_clicks(name, image, encodings[1], click_only);
  }

  void write(const std::string& path) const {
    write_safetensors(path, tensors_, {}).value();
    std::printf("%s: %zu tensors\n", path.c_str(), tensors_.size());
  }

 private:
  const Sam3Config& config() const { return engine_->info().config; }

  template <class T>
  static Tensor tensor(const std::string& name, DType dtype, Shape shape, const std::vector<T>& values) {
    return {name, dtype, std::move(shape), SharedBytes::copy_of(bytes_of(values))};
  }
  static Tensor floats(const std::string& name, Shape shape, const std::vector<float>& values) {
    return tensor(name, DType::kF32, std::move(shape), values);
  }
  static Tensor integers(const std::string& name, Shape shape, const std::vector<std::int64_t>& values) {
    return tensor(name, DType::kI64, std::move(shape), values);
  }

  void add(const std::string& part, const std::string& name, const std::vector<Tensor>& inputs,
           const std::vector<Tensor>& outputs) {
    for (const auto& [direction, tensors] : {std::pair{"in", &inputs}, std::pair{"out", &outputs}}) {
      for (Tensor one : *tensors) {
        one.name = part + "|" + name + "|" + direction + "|" + one.name;
        tensors_.push_back(std::move(one));
      }
    }
  }

  // The prompts of a batch as the ONNX decoder takes them: pixels of the model's input, transformers.js's way of saying
  // that there are no points or no boxes.
  std::vector<Tensor> prompt_inputs(const std::vector<InteractivePrompt>& prompts, const RgbImage& image) const {
    const auto size = static_cast<float>(config().vit.image_size);
    const float scale_x = size / static_cast<float>(image.width);
    const float scale_y = size / static_cast<float>(image.height);
    const auto objects = static_cast<std::int64_t>(prompts.size());
    const auto points = static_cast<std::int64_t>(prompts[0].points.size());
    std::vector<float> coordinates, boxes;
    std::vector<std::int64_t> labels;
    for (const InteractivePrompt& prompt : prompts) {
      for (const auto& point : prompt.points) {
        coordinates.insert(coordinates.end(), {point.x * scale_x, point.y * scale_y});
        labels.push_back(point.positive ? 1 : 0);
      }
      if (!prompt.box) continue;
      const auto& [x0, y0, x1, y1] = *prompt.box;
      boxes.insert(boxes.end(), {x0 * scale_x, y0 * scale_y, x1 * scale_x, y1 * scale_y});
    }
    return {floats("input_points", {1, points > 0 ? objects : 1, points, 2}, coordinates),
            integers("input_labels", {1, objects, points}, labels),
            floats("input_boxes", {1, static_cast<std::int64_t>(boxes.size() / 4), 4}, boxes)};
  }

  void add_clicks(const std::string& picture, const RgbImage& image, const Encoding& encoding, bool click_only) {
    const auto prepared = engine_->prepare(encoding).value();
    std::ifstream file(data_path("golden/cases.json"));
    const nlohmann::json all = nlohmann::json::parse(file);
    if (click_only) {
      const InteractivePrompt click{.points = {{image.width * 0.4f, image.height * 0.55f, true}}};
      add_click(picture, image, encoding, *prepared, {click});
      return;
    }
    for (const auto& entry : all["interactive"]) {
      const Case test{entry["name"], entry["multimask_output"], !entry["normalize_coords"].get<bool>()};
      if (!test.name.starts_with(picture + "/")) continue;
      std::vector<InteractivePrompt> prompts = prompts_of(golden_, test, image);
      fit_mask(prompts, *prepared, image);
      add_click(test.name, image, encoding, *prepared, prompts);
    }
  }

  // The golden masks are the tiny model's size: another model goes on from an answer of its own.
  void fit_mask(std::vector<InteractivePrompt>& prompts, const PreparedImage& prepared, const RgbImage& image) const {
    const auto side = static_cast<std::size_t>(config().low_res_mask_size());
    for (InteractivePrompt& prompt : prompts) {
      if (prompt.mask_input.empty() || prompt.mask_input.size() == side * side) continue;
      const InteractivePrompt click{.points = {{image.width * 0.5f, image.height * 0.5f, true}}};
      prompt.mask_input = engine_->segment(prepared, click, {}).value().masks.at(0).low_res;
    }
  }

  void add_click(const std::string& name, const RgbImage& image, const Encoding& encoding,
                 const PreparedImage& prepared, const std::vector<InteractivePrompt>& prompts) {
    Tapped tapped;
    engine_->set_tap(tapped.tap());
    engine_->segment_batch(prepared, prompts, {}).value();
    engine_->set_tap({});
    const auto objects = static_cast<std::int64_t>(prompts.size());
    const std::int64_t side = config().low_res_mask_size();
    const int candidates = config().mask_decoder.mask_tokens();
    std::vector<Tensor> inputs = prompt_inputs(prompts, image);
    inputs.insert(inputs.end(), encoding.tensors.begin(), encoding.tensors.end());
    const Tensor score = floats("object_score_logits", {1, objects, 1}, tapped.values.at("md/obj_score"));
    const auto answers = [&](int first) {
      const std::int64_t count = candidates - first;
      return std::vector<Tensor>{
          floats("iou_scores", {1, objects, count}, from_candidate(tapped.values.at("md/iou_all"), 1, first)),
          floats("pred_masks", {1, objects, count, side, side},
                 from_candidate(tapped.values.at("md/masks_all"), static_cast<std::size_t>(side * side), first)),
          score};
    };
    const bool with_mask = !prompts[0].mask_input.empty();
    if (!with_mask) add("prompt_encoder_mask_decoder", name, inputs, answers(1));
    std::vector<float> masks;
    for (const InteractivePrompt& prompt : prompts) {
      masks.insert(masks.end(), prompt.mask_input.begin(), prompt.mask_input.end());
    }
    masks.resize(static_cast<std::size_t>(objects * side * side));
    inputs.push_back(floats("mask_input", {1, objects, 1, side, side}, masks));
    inputs.push_back(floats("has_mask_input", {1}, {with_mask ? 1.0f : 0.0f}));
    add("prompt_encoder_mask_decoder_with_mask", name, inputs, answers(0));
  }

  // all [objects, candidates, each] -> [objects, candidates - first, each]
  std::vector<float> from_candidate(const std::vector<float>& all, std::size_t each, int first) const {
    const std::size_t row = each * static_cast<std::size_t>(config().mask_decoder.mask_tokens());
    std::vector<float> out;
    for (std::size_t begin = 0; begin < all.size(); begin += row) {
      out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(begin + each * static_cast<std::size_t>(first)),
                 all.begin() + static_cast<std::ptrdiff_t>(begin + row));
    }
    return out;
  }

  void add_concepts(const std::string& picture, const RgbImage& image, const Encoding& encoding) {
    const auto prepared = engine_->prepare_concepts(encoding).value();
    const Tokenizer tokenizer = Tokenizer::load(model_).value();
    for (const ConceptCase& test : concept_cases(picture, image.width, image.height)) {
      if (!test.prompt.points.empty()) continue;  // the exported detector takes boxes
      Tapped tapped;
      engine_->set_tap(tapped.tap());
      const ConceptAnswer answer =
          engine_->segment(*prepared, test.prompt, {.threshold = kEveryQuery, .max_detections = 0}).value();
      engine_->set_tap({});
      const std::string text = test.prompt.text.empty() ? "visual" : test.prompt.text;
      const std::vector<std::int32_t> ids = tokenizer.encode(text, config().text.context).value().ids;
      add_concept(test, image, encoding, tapped, answer, {ids.begin(), ids.end()});
    }
  }

  void add_concept(const ConceptCase& test, const RgbImage& image, const Encoding& encoding, const Tapped& tapped,
                   const ConceptAnswer& answer, const std::vector<std::int64_t>& ids) {
    const std::int64_t width = config().fpn_width, queries = config().queries, side = answer.mask_side;
    const std::vector<float>& features = tapped.values.at("text/language_features");
    const auto length = static_cast<std::int64_t>(features.size()) / width;
    const Tensor text = floats("text_features", {1, length, width}, features);
    add("text_encoder", test.name, {integers("input_ids", {1, config().text.context}, ids)}, {text});

    std::vector<std::int64_t> mask, labels;
    for (std::int64_t i = 0; i < length; ++i) mask.push_back(ids[static_cast<std::size_t>(i)] == 0 ? 0 : 1);
    std::vector<float> boxes, masks, corners;
    for (const ConceptPrompt::Box& box : test.prompt.boxes) {
      const auto& [x0, y0, x1, y1] = box.corners;
      const auto w = static_cast<float>(image.width), h = static_cast<float>(image.height);
      boxes.insert(boxes.end(), {(x0 + x1) / 2 / w, (y0 + y1) / 2 / h, (x1 - x0) / w, (y1 - y0) / h});
      labels.push_back(box.positive ? 1 : 0);
    }
    std::vector<Tensor> inputs = encoding.tensors;
    inputs.push_back(text);
    inputs.push_back(integers("attention_mask", {1, length}, mask));
    inputs.push_back(floats("input_boxes", {1, static_cast<std::int64_t>(labels.size()), 4}, boxes));
    inputs.push_back(integers("input_boxes_labels", {1, static_cast<std::int64_t>(labels.size())}, labels));

    const std::vector<float>& found = tapped.values.at("pred_boxes");
    for (std::size_t i = 0; i < found.size(); i += 4) {
      const float cx = found[i], cy = found[i + 1], half_w = found[i + 2] / 2, half_h = found[i + 3] / 2;
      corners.insert(corners.end(), {cx - half_w, cy - half_h, cx + half_w, cy + half_h});
    }
    for (const Detection& detection : answer.detections) {
      masks.insert(masks.end(), detection.low_res.begin(), detection.low_res.end());
    }
    add("concept_decoder", test.name, inputs,
        {floats("pred_masks", {1, queries, side, side}, masks), floats("pred_boxes", {1, queries, 4}, corners),
         floats("pred_logits", {1, queries}, tapped.values.at("pred_logits")),
         floats("presence_logits", {1, 1}, tapped.values.at("presence_logit_dec"))});
  }

  std::string model_;
  std::unique_ptr<Engine> engine_;
  GoldenFile golden_{"golden_tiny.safetensors"};
  std::vector<Tensor> tensors_;
};

int run(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: onnx_reference MODEL OUT.safetensors [--click-only]\n");
    return 2;
  }
  const bool click_only = argc > 3 && std::strcmp(argv[3], "--click-only") == 0;
  Reference reference(argv[1]);
  if (click_only) {
    reference.add_picture("full", "full_640x427.png", true);
  } else {
    reference.add_picture("img0", "img0_150x113.png", false);
    reference.add_picture("img1", "img1_97x200.png", false);
    reference.add_picture("img2", "img2_333x251.png", false);
  }
  reference.write(argv[2]);
  return 0;
}

}  // namespace
}  // namespace samcache::golden

int main(int argc, char** argv) {
  try {
    return samcache::golden::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "onnx_reference: %s\n", error.what());
    return 1;
  }
}

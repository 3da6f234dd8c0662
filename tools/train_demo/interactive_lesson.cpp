#include "train_demo/interactive_lesson.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "scenes/clicks.h"
#include "train_demo/losses.h"

namespace samcache::train {
namespace {

constexpr int kMaxObjects = 4;             // of a picture, a lesson
constexpr double kCorrectionChance = 0.6;  // that one more click follows
constexpr double kBoxCorrectionChance = 0.25;
constexpr int kMaxClicks = 4;
constexpr float kBoxJitter = 0.06F;  // of a box's side, at most
constexpr double kCentralChance = 0.5;
constexpr double kGuidanceWeight = 0.5;
constexpr const char* kMapLayer = "training.prompted_map.";
constexpr const char* kBoxLayer = "training.prompted_box.";
constexpr float kMaskInputLimit = 32.0F;  // to which answers are clamped before they come back as an input

struct ObjectPrompt {
  std::vector<float> coordinates;  // x and y of each point in pixels of the model's input
  std::vector<PointLabel> labels;

  void add(float x, float y, PointLabel label) {
    coordinates.insert(coordinates.end(), {x, y});
    labels.push_back(label);
  }
};

// The same number of points for each of several objects, and the last answers if there were any.
struct PromptBatch {
  std::vector<ObjectPrompt> objects;
  at::Tensor mask_input;  // [objects, 1, 4G, 4G] or undefined
};

struct ChosenObject {
  std::int64_t picture = 0;
  std::int64_t object = 0;
};

// Up to kMaxObjects of every picture.
std::vector<ChosenObject> choose_objects(std::span<const Example> examples, scenes::Random& random) {
  std::vector<ChosenObject> chosen;
  for (std::size_t picture = 0; picture < examples.size(); ++picture) {
    std::vector<std::int64_t> objects(examples[picture].objects.size());
    std::iota(objects.begin(), objects.end(), 0);
    for (int i = static_cast<int>(objects.size()); i > 1; --i) std::swap(objects[i - 1], objects[random.pick(i)]);
    objects.resize(std::min<std::size_t>(objects.size(), kMaxObjects));
    for (const std::int64_t object : objects) chosen.push_back({static_cast<std::int64_t>(picture), object});
  }
  return chosen;
}

// Of each chosen object the row of its picture.
Value rows_of_pictures(const Value& images, const std::vector<ChosenObject>& chosen) {
  std::vector<std::int64_t> rows;
  for (const ChosenObject& one : chosen) rows.push_back(one.picture);
  const at::Tensor& all = TorchOps::tensor(images);
  return TorchOps::wrap(all.index_select(0, at::tensor(rows, at::kLong).to(all.device())));
}

// A row of each example's `part`, coverage or boxes, for each chosen object.
at::Tensor rows_of_objects(std::span<const Example> examples, const std::vector<ChosenObject>& chosen,
                           at::Tensor Example::*part) {
  std::vector<at::Tensor> rows;
  for (const ChosenObject& one : chosen) rows.push_back((examples[one.picture].*part)[one.object]);
  return at::stack(rows);
}

BinaryMask region(const at::Tensor& pixels) {  // bool [H, W]
  const at::Tensor bytes = pixels.to(at::kCPU).to(at::kByte).contiguous();
  const auto* data = bytes.data_ptr<std::uint8_t>();
  return {static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)), {data, data + bytes.numel()}};
}

std::int64_t size_of(const BinaryMask& where) {
  return std::count_if(where.pixels.begin(), where.pixels.end(), [](auto pixel) { return pixel != 0; });
}

bool is_empty(const BinaryMask& where) { return size_of(where) == 0; }

class Lesson {
 public:
  Lesson(TorchOps& ops, const Sam3ImageModel& model, const NamedTensors& weights, const InteractiveFeatures& images,
         std::span<const Example> examples, scenes::Random& random, Measurements& measured)
      : ops_(ops),
        model_(model),
        weights_(weights),
        examples_(examples),
        random_(random),
        measured_(measured),
        chosen_(choose_objects(examples, random)),
        targets_(rows_of_objects(examples, chosen_, &Example::coverage)),
        boxes_(rows_of_objects(examples, chosen_, &Example::boxes)),
        image_{rows_of_pictures(images.fine, chosen_), rows_of_pictures(images.middle, chosen_),
               rows_of_pictures(images.coarse, chosen_)} {}

  at::Tensor run() {
    PromptBatch boxes = all_boxes();
    answer("iou_box", boxes);
    if (random_.uniform() < kBoxCorrectionChance) {
      add_corrections(boxes);
      answer("iou_box_click", boxes);
    }
    PromptBatch clicks = first_clicks();
    answer("iou_click1", clicks);
    for (int click = 2; click <= kMaxClicks && random_.uniform() < kCorrectionChance; ++click) {
      add_corrections(clicks);
      answer("iou_click" + std::to_string(click), clicks);
    }
    return at::stack(losses_).mean();
  }

 private:
  PromptBatch all_boxes() {
    PromptBatch prompts;
    const auto size = static_cast<float>(model_.config().vit.image_size);
    for (const ChosenObject& one : chosen_) {
      const at::Tensor cxcywh = examples_[one.picture].boxes[one.object].to(at::kCPU);
      const auto* box = cxcywh.data_ptr<float>();
      std::array<float, 4> edges{};  // x0, y0, x1, y1
      for (int i = 0; i < 4; ++i) {
        const float length = box[2 + i % 2];
        const float edge = box[i % 2] + length * ((i < 2 ? -0.5F : 0.5F) + random_.range(-kBoxJitter, kBoxJitter));
        edges[i] = std::clamp(edge, 0.0F, 1.0F) * size;
      }
      ObjectPrompt& prompt = prompts.objects.emplace_back();
      prompt.add(edges[0], edges[1], PointLabel::kBoxTopLeft);
      prompt.add(edges[2], edges[3], PointLabel::kBoxBottomRight);
    }
    return prompts;
  }

  PromptBatch first_clicks() {
    PromptBatch prompts;
    for (std::int64_t i = 0; i < targets_.size(0); ++i) {
      const BinaryMask inside = region(targets_[i] >= 1.0);
      add_click(is_empty(inside) ? region(targets_[i] > 0) : inside, PointLabel::kPositive,
                prompts.objects.emplace_back());
    }
    return prompts;
  }

  // Adds a click on what each last answer got wrong, missed or in excess, whichever is more.
  void add_corrections(PromptBatch& prompts) {
    prompts.mask_input = last_answer_;
    for (std::int64_t i = 0; i < targets_.size(0); ++i) {
      const at::Tensor found = last_answer_[i][0] > 0;
      const at::Tensor there = targets_[i] >= 0.5;
      const BinaryMask missed = region(at::logical_and(there, at::logical_not(found)));
      const BinaryMask excess = region(at::logical_and(found, at::logical_not(there)));
      const bool positive = size_of(missed) >= size_of(excess);
      BinaryMask where = positive ? missed : excess;
      if (is_empty(where)) where = region(targets_[i] > 0);  // nothing is wrong: confirm it
      add_click(where, positive ? PointLabel::kPositive : PointLabel::kNegative, prompts.objects[i]);
    }
  }

  void add_click(const BinaryMask& where, PointLabel label, ObjectPrompt& prompt) {
    const scenes::Click click = random_.uniform() < kCentralChance ? scenes::central_click(where).value()
                                                                   : scenes::random_click(where, random_).value();
    const double pixels_per_cell = static_cast<double>(model_.config().vit.image_size) / where.width;
    const auto pixel = [&](int cell) {
      return static_cast<float>(std::max((cell + random_.uniform()) * pixels_per_cell - 0.5, 0.0));
    };
    const float x = pixel(click.x);
    prompt.add(x, pixel(click.y), label);
  }

  void answer(const std::string& name, const PromptBatch& prompts) {
    const auto batch = static_cast<std::int64_t>(chosen_.size());
    const auto points = static_cast<std::int64_t>(prompts.objects[0].labels.size()) + 1;  // and one of padding
    std::vector<float> coordinates, labels;
    for (ObjectPrompt prompt : prompts.objects) {
      prompt.add(0, 0, PointLabel::kPadding);
      coordinates.insert(coordinates.end(), prompt.coordinates.begin(), prompt.coordinates.end());
      for (const PointLabel label : prompt.labels) labels.push_back(static_cast<float>(label));
    }
    at::Tensor image_tokens, mask_tokens;
    ops_.set_tap([&](const std::string& part, const Value& value) {
      if (part == "md/src") image_tokens = TorchOps::tensor(value);
      if (part == "md/mask_tokens") mask_tokens = TorchOps::tensor(value);
    });
    Value mask_input;
    if (prompts.mask_input.defined()) mask_input = TorchOps::wrap(prompts.mask_input);
    const MaskCandidates found = model_.decode(ops_, image_, ops_.constant({batch, points, 2}, coordinates),
                                               ops_.constant({batch, points}, labels), mask_input);
    ops_.set_tap({});
    const at::Tensor masks = TorchOps::tensor(found.masks).to(at::kFloat);  // [B, M, 4G, 4G]
    const at::Tensor targets = targets_.unsqueeze(1);
    const at::Tensor by_mask = mask_loss(masks, targets.expand_as(masks));  // [B, M]
    const at::Tensor iou = mask_iou(masks, targets.expand_as(masks));
    // Of the alternatives only the best learns, so that they may come to differ; all learn to judge themselves.
    const at::Tensor best = std::get<0>(by_mask.slice(1, 1).min(1));
    const at::Tensor judged = at::square(TorchOps::tensor(found.iou).to(at::kFloat) - iou).mean(1);
    const at::Tensor score = TorchOps::tensor(found.object_score).to(at::kFloat);
    const at::Tensor there = at::softplus(-score).mean(1);
    losses_.push_back((by_mask.select(1, 0) + 0.5 * best + judged + 0.1 * there).mean() +
                      kGuidanceWeight * guidance(image_tokens, mask_tokens.select(1, 0)));
    last_answer_ = masks.detach().slice(1, 0, 1).clamp(-kMaskInputLimit, kMaskInputLimit);
    measured_.add(name, iou.select(1, 0).mean().item<double>());
  }

  // image_tokens [B, G * G, d], mask_token [B, d]
  at::Tensor guidance(const at::Tensor& image_tokens, const at::Tensor& mask_token) {
    const auto apply = [&](const std::string& layer, const at::Tensor& x) {
      return at::linear(x.to(at::kFloat), weights_.at(layer + "weight"), weights_.at(layer + "bias"));
    };
    const int grid = model_.config().vit.grid();
    const at::Tensor map = apply(kMapLayer, image_tokens).reshape({-1, grid, grid});
    const at::Tensor box = at::sigmoid(apply(kBoxLayer, mask_token));
    const at::Tensor off = mask_loss(map, at::adaptive_avg_pool2d(targets_, {grid, grid})).mean();
    const at::Tensor misplaced = box_loss(box, boxes_).mean();
    measured_.add("loss_map", off.item<double>());
    measured_.add("loss_prompted_box", misplaced.item<double>());
    return off + misplaced;
  }

  TorchOps& ops_;
  const Sam3ImageModel& model_;
  const NamedTensors& weights_;
  std::span<const Example> examples_;
  scenes::Random& random_;
  Measurements& measured_;
  std::vector<ChosenObject> chosen_;
  at::Tensor targets_;         // [chosen, 4G, 4G]
  at::Tensor boxes_;           // [chosen, 4]
  InteractiveFeatures image_;  // a row for each chosen object
  at::Tensor last_answer_;
  std::vector<at::Tensor> losses_;
};

}  // namespace

void add_guidance_weights(const Sam3Config& config, NamedTensors& weights) {
  for (const auto& [layer, outputs] : {std::pair<std::string, std::int64_t>{kMapLayer, 1}, {kBoxLayer, 4}}) {
    weights[layer + "weight"] = at::zeros({outputs, config.fpn_width});
    weights[layer + "bias"] = at::zeros({outputs});
  }
}

bool is_guidance(const std::string& name) { return name.starts_with(kMapLayer) || name.starts_with(kBoxLayer); }

at::Tensor interactive_loss(TorchOps& ops, const Sam3ImageModel& model, const NamedTensors& weights,
                            const InteractiveFeatures& images, std::span<const Example> examples,
                            scenes::Random& random, Measurements& measured) {
  return Lesson(ops, model, weights, images, examples, random, measured).run();
}

}  // namespace samcache::train

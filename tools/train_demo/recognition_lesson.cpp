#include "train_demo/recognition_lesson.h"

#include <algorithm>
#include <cmath>

namespace samcache::train {
namespace {

constexpr const char* kTokenLayer = "training.recognition_of_tokens.";
constexpr const char* kObjectLayer = "training.recognition_of_objects.";
constexpr int kEdges = 4;  // left, top, right, bottom
constexpr double kEdgeWeight = 4.0;
constexpr std::int64_t kShapeSide = 10;  // cells of a thing's box along a side
constexpr double kShapeWeight = 4.0;

struct Property {
  const char* name;
  int classes;  // background comes after them
  int (*of)(const scenes::SceneObject& object);
};

constexpr Property kProperties[] = {
    {"kind", scenes::kKinds, [](const scenes::SceneObject& object) { return static_cast<int>(object.kind); }},
    {"colour", scenes::kColours, [](const scenes::SceneObject& object) { return static_cast<int>(object.colour); }},
    {"pattern", scenes::kPatterns, [](const scenes::SceneObject& object) { return static_cast<int>(object.pattern); }},
};

// Of the layer that sees objects; that of the tokens has the edges and the shape behind them.
int classes_in_all() {
  int sum = 0;
  for (const Property& property : kProperties) sum += property.classes + 1;
  return sum;
}

// The part of every token that each object covers: [objects, G * G].
at::Tensor coverage_of_tokens(const Example& example, std::int64_t grid) {
  return at::adaptive_avg_pool2d(example.coverage, {grid, grid}).flatten(1);
}

// The object under every token, or the number of objects where there is none: [G * G].
at::Tensor owners(const at::Tensor& coverage) {
  const auto [most, owner] = coverage.max(0);
  return at::where(most >= 0.5, owner, at::full_like(owner, coverage.size(0)));
}

// Of every object, and of the background last: [objects + 1].
at::Tensor classes(const Example& example, const Property& property) {
  std::vector<std::int64_t> numbers;
  for (const scenes::SceneObject& object : example.objects) numbers.push_back(property.of(object));
  numbers.push_back(property.classes);
  return at::tensor(numbers, at::kLong).to(example.coverage.device());
}

// How far each token lies from the edges of its owner's box, [G * G, 4], in units of the picture's sides.
at::Tensor edge_distances(const Example& example, const at::Tensor& owner, std::int64_t grid) {
  const at::Tensor half = example.boxes.slice(1, 2, 4) * 0.5;
  const at::Tensor centre = example.boxes.slice(1, 0, 2);
  const at::Tensor edges = at::cat({centre - half, centre + half}, 1);  // [objects, 4]
  const at::Tensor line = (at::arange(grid, edges.options()) + 0.5) / grid;
  const at::Tensor x = line.unsqueeze(0).expand({grid, grid}).flatten();
  const at::Tensor y = line.unsqueeze(1).expand({grid, grid}).flatten();
  const at::Tensor places = at::stack({x, y, x, y}, 1);
  return at::embedding(edges, owner.clamp_max(edges.size(0) - 1)) - places;
}

// [B, C, G, G] -> [B, G * G, C]
at::Tensor tokens_of(const at::Tensor& map) { return map.to(at::kFloat).permute({0, 2, 3, 1}).flatten(1, 2); }

at::Tensor apply(const NamedTensors& weights, const std::string& layer, const at::Tensor& features) {
  return at::linear(features, weights.at(layer + "weight"), weights.at(layer + "bias"));
}

// The part of every cell of an object's box that the object covers: [objects, kShapeSide * kShapeSide].
at::Tensor shapes(const Example& example) {
  const std::int64_t side = example.coverage.size(-1);
  const at::Tensor boxes = example.boxes.to(at::kCPU);
  std::vector<at::Tensor> shapes;
  for (std::int64_t i = 0; i < boxes.size(0); ++i) {
    const auto* box = boxes.data_ptr<float>() + 4 * i;  // centre x, centre y, width, height
    const auto edges = [&](int axis) {
      const float low = (box[axis] - 0.5F * box[2 + axis]) * static_cast<float>(side);
      const float high = (box[axis] + 0.5F * box[2 + axis]) * static_cast<float>(side);
      const auto first = std::clamp<std::int64_t>(std::lround(low), 0, side - 1);
      return std::pair{first, std::clamp<std::int64_t>(std::lround(high), first + 1, side)};
    };
    const auto [x0, x1] = edges(0);
    const auto [y0, y1] = edges(1);
    const at::Tensor own = example.coverage[i].slice(0, y0, y1).slice(1, x0, x1);
    shapes.push_back(at::adaptive_avg_pool2d(own.unsqueeze(0), {kShapeSide, kShapeSide}).flatten());
  }
  return at::stack(shapes);
}

}  // namespace

void add_recognition_weights(const Sam3Config& config, NamedTensors& weights) {
  const auto add = [&weights](const std::string& layer, std::int64_t outputs, std::int64_t inputs) {
    weights[layer + "weight"] = at::zeros({outputs, inputs});
    weights[layer + "bias"] = at::zeros({outputs});
  };
  add(kTokenLayer, classes_in_all() + kEdges + kShapeSide * kShapeSide, config.vit.hidden);
  add(kObjectLayer, classes_in_all(), config.fpn_width);
}

at::Tensor token_recognition_loss(const NamedTensors& weights, const at::Tensor& trunk,
                                  std::span<const Example> examples, Measurements& measured) {
  const std::int64_t grid = trunk.size(-1);
  std::vector<at::Tensor> owner, inside, distances, shape;
  for (const Example& example : examples) {
    const at::Tensor coverage = coverage_of_tokens(example, grid);
    owner.push_back(owners(coverage));
    inside.push_back(owner.back() < coverage.size(0));
    distances.push_back(edge_distances(example, owner.back(), grid));
    shape.push_back(shapes(example).index_select(0, owner.back().clamp_max(coverage.size(0) - 1)));
  }
  const at::Tensor tokens = tokens_of(trunk);
  const at::Tensor said = apply(weights, kTokenLayer, at::layer_norm(tokens, {tokens.size(-1)})).flatten(0, 1);
  const at::Tensor object = at::cat(inside).to(at::kFloat);  // 1 where a token lies on something
  const at::Tensor background = 1.0 - object;
  const at::Tensor object_share = object / object.sum().clamp_min(1.0);
  // What there is little of counts as much as what there is much of.
  const at::Tensor share = 0.75 * object_share + 0.25 * background / background.sum().clamp_min(1.0);

  std::vector<at::Tensor> losses;
  std::int64_t first = 0;
  for (const Property& property : kProperties) {
    std::vector<at::Tensor> by_token;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      by_token.push_back(classes(examples[i], property).index_select(0, owner[i]));
    }
    const at::Tensor logits = said.slice(1, first, first + property.classes + 1);
    const at::Tensor truth = at::cat(by_token);
    losses.push_back((at::cross_entropy_loss(logits, truth, {}, at::Reduction::None) * share).sum());
    const at::Tensor right = (logits.detach().argmax(1) == truth).to(at::kFloat);
    measured.add(std::string("token_") + property.name, (right * object_share).sum().item<double>());
    first += property.classes + 1;
  }
  const at::Tensor misplaced = at::abs(said.slice(1, first, first + kEdges) - at::cat(distances)).sum(1);
  losses.push_back(kEdgeWeight * (misplaced * object_share).sum());
  const at::Tensor misshapen =
      at::binary_cross_entropy_with_logits(said.slice(1, first + kEdges), at::cat(shape), {}, {}, at::Reduction::None)
          .mean(1);
  losses.push_back(kShapeWeight * (misshapen * object_share).sum());
  measured.add("loss_edges", (misplaced * object_share).sum().item<double>());
  measured.add("loss_shape", (misshapen * object_share).sum().item<double>());
  return at::stack(losses).sum();
}

at::Tensor object_recognition_loss(const NamedTensors& weights, const at::Tensor& detector_level,
                                   std::span<const Example> examples, Measurements& measured) {
  const at::Tensor cells = tokens_of(detector_level);
  std::vector<at::Tensor> means;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const at::Tensor coverage = coverage_of_tokens(examples[i], detector_level.size(-1));
    const at::Tensor shares = coverage / coverage.sum(1, true).clamp_min(1e-6);
    means.push_back(at::matmul(shares, cells[static_cast<std::int64_t>(i)]));
  }
  const at::Tensor said = apply(weights, kObjectLayer, at::cat(means));
  std::vector<at::Tensor> losses;
  std::int64_t first = 0;
  for (const Property& property : kProperties) {
    std::vector<at::Tensor> by_object;
    for (const Example& example : examples) by_object.push_back(classes(example, property).slice(0, 0, -1));
    const at::Tensor logits = said.slice(1, first, first + property.classes + 1);
    const at::Tensor truth = at::cat(by_object);
    losses.push_back(at::cross_entropy_loss(logits, truth));
    measured.add(property.name, (logits.detach().argmax(1) == truth).to(at::kFloat).mean().item<double>());
    first += property.classes + 1;
  }
  return at::stack(losses).sum();
}

}  // namespace samcache::train

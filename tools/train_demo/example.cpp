#include "train_demo/example.h"

#include "model/preprocess.h"

namespace samcache::train {
namespace {

// A mask of 0 and 1 [H, W], in float.
at::Tensor mask_tensor(const BinaryMask& mask) {
  at::Tensor bytes = at::empty({mask.height, mask.width}, at::kByte);
  std::copy(mask.pixels.begin(), mask.pixels.end(), bytes.data_ptr<std::uint8_t>());
  return bytes.to(at::kFloat);
}

}  // namespace

Example make_example(std::uint64_t scene_seed, const Sam3Config& config, at::Device device) {
  const int side = config.vit.image_size;
  const int mask_side = config.low_res_mask_size();
  // Drawn at 1, 1.5 or 2 times the model's size and shrunk, as users' pictures are: a whole number of pixels for each
  // of the masks'.
  const int shrink = side / mask_side + static_cast<int>(scene_seed % 3) * side / mask_side / 2;
  const int drawn = mask_side * shrink;
  scenes::Scene scene = scenes::make_scene(scene_seed, {.width = drawn, .height = drawn, .squeezed = true});
  Example example;
  example.pixels =
      at::tensor(normalized_planes(resize_antialiased(scene.image, side), side)).reshape({3, side, side}).to(device);
  std::vector<at::Tensor> coverage;
  std::vector<float> boxes;
  for (const scenes::SceneObject& object : scene.objects) {
    coverage.push_back(at::avg_pool2d(mask_tensor(object.mask).unsqueeze(0), shrink));
    const auto unit = [drawn](int edges) { return static_cast<float>(edges) / static_cast<float>(drawn); };
    const auto [x0, y0, x1, y1] = object.box;
    boxes.insert(boxes.end(), {0.5F * unit(x0 + x1), 0.5F * unit(y0 + y1), unit(x1 - x0), unit(y1 - y0)});
  }
  example.coverage = at::cat(coverage).to(device);
  example.boxes = at::tensor(boxes).reshape({-1, 4}).to(device);
  example.objects = std::move(scene.objects);
  return example;
}

}  // namespace samcache::train

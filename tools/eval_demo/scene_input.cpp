#include "eval_demo/scene_input.h"

namespace samcache::eval {

Result<Encoding> encode_scene(const Engine& engine, const RgbImage& image) {
  const Profile profile = Profile::kTrunk;
  Result<std::vector<Encoding>> encodings = engine.encode(image, {std::string(64, '0'), ""}, {&profile, 1});
  if (!encodings) return encodings.error();
  return std::move((*encodings)[0]);
}

std::array<float, 4> box_of(const scenes::SceneObject& object) {
  const auto [x0, y0, x1, y1] = object.box;
  return {static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1), static_cast<float>(y1)};
}

}  // namespace samcache::eval

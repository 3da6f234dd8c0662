// Draws a procedural scene: the picture as JPEG, its objects with names, boxes and masks as JSON.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "image/encode.h"
#include "image/image_library.h"
#include "image/mask_codec.h"
#include "scenes/concept.h"

namespace samcache::eval {
namespace {

// {"width", "height", "objects": [{"kind", "colour", "pattern", "box": [x0, y0, x1, y1], "mask": {"size", "counts"}}]},
// from back to front; masks as COCO run lengths.
std::string objects_json(const scenes::Scene& scene) {
  nlohmann::ordered_json objects = nlohmann::ordered_json::array();
  for (const scenes::SceneObject& object : scene.objects) {
    const CocoRle rle = rle_from_mask(object.mask);
    objects.push_back({{"kind", scenes::kind_name(object.kind)},
                       {"colour", scenes::colour_name(object.colour)},
                       {"pattern", scenes::pattern_name(object.pattern)},
                       {"box", object.box},
                       {"mask", {{"size", {rle.height, rle.width}}, {"counts", rle.counts}}}});
  }
  const nlohmann::ordered_json document = {
      {"width", scene.image.width}, {"height", scene.image.height}, {"objects", objects}};
  return document.dump(1) + "\n";
}

Status draw(std::uint64_t seed, const scenes::SceneOptions& options, const std::filesystem::path& out) {
  const ImageLibrary image_library;
  const scenes::Scene scene = scenes::make_scene(seed, options);
  const Result<std::vector<std::byte>> jpeg = encode_jpeg(scene.image, 92);
  if (!jpeg) return jpeg.error();
  std::filesystem::path file = out;
  if (Status written = write_file_atomically(file.replace_extension(".jpg"), *jpeg); !written) return written;
  return write_file_atomically(file.replace_extension(".json"), bytes_of(objects_json(scene)));
}

}  // namespace
}  // namespace samcache::eval

int main(int argc, char** argv) {
  std::uint64_t seed = 1;
  samcache::scenes::SceneOptions options{.width = 480, .height = 360};
  std::filesystem::path out;
  CLI::App app{"Draws a procedural scene: OUT.jpg, and OUT.json with the names, boxes and masks of its objects.",
               "draw_scene"};
  app.add_option("--out", out, "Files to write, without ending")->required();
  app.add_option("--seed", seed, "Another number, another scene")->capture_default_str();
  app.add_option("--width", options.width, "Pixels")->check(CLI::Range(64, 2048))->capture_default_str();
  app.add_option("--height", options.height, "Pixels")->check(CLI::Range(64, 2048))->capture_default_str();
  app.add_option("--max-objects", options.max_objects, "Most there may be")
      ->check(CLI::Range(1, 20))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const samcache::Status drawn = samcache::eval::draw(seed, options, out);
    if (!drawn) std::fprintf(stderr, "draw_scene: %s\n", drawn.error().message.c_str());
    return drawn ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "draw_scene: %s\n", e.what());
    return 1;
  }
}

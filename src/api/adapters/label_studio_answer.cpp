#include "api/adapters/label_studio_answer.h"

#include <nlohmann/json.hpp>
#include <random>

#include "api/adapters/brush_rle.h"
#include "api/adapters/mask_rings.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPolygonFineness = 0.001;

// Ten characters, as Label Studio's own regions have; they need to differ within one annotation alone.
std::string region_id() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device device;
  std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
  std::string id(10, ' ');
  for (char& c : id) c = kLetters[letter(device)];
  return id;
}

Json region(const LabelConfig& config, const char* type, const BinaryMask& mask, float score, Json value) {
  return {{"id", region_id()},   {"from_name", config.from_name}, {"to_name", config.to_name},
          {"type", type},        {"original_width", mask.width},  {"original_height", mask.height},
          {"image_rotation", 0}, {"value", std::move(value)},     {"score", score},
          {"readonly", false}};
}

Json labels_of(const LabelStudioPrompt& prompt) {
  return prompt.label.empty() ? Json::array() : Json::array({prompt.label});
}

Json brush_regions(const LabelStudioRequest& request, const BinaryMask& mask, float score) {
  Json value = {{"format", "rle"}, {"rle", brush_rle_from_mask(mask)}, {"brushlabels", labels_of(*request.prompt)}};
  return Json::array({region(request.config, "brushlabels", mask, score, std::move(value))});
}

Json polygon_regions(const LabelStudioRequest& request, const BinaryMask& mask, float score) {
  Json regions = Json::array();
  for (const auto& ring : rings_of_mask(mask, kPolygonFineness)) {
    Json points = Json::array();
    for (const auto& [x, y] : ring) points.push_back({100.0 * x / mask.width, 100.0 * y / mask.height});
    Json value = {{"points", std::move(points)}, {"closed", true}, {"polygonlabels", labels_of(*request.prompt)}};
    regions.push_back(region(request.config, "polygonlabels", mask, score, std::move(value)));
  }
  return regions;
}

}  // namespace

std::string label_studio_prediction(const LabelStudioRequest& request, const BinaryMask& mask, float score,
                                    const std::string& model_version) {
  Json regions = request.config.mask == LabelStudioMask::kBrush ? brush_regions(request, mask, score)
                                                                : polygon_regions(request, mask, score);
  const Json prediction = {{"result", std::move(regions)}, {"model_version", model_version}, {"score", score}};
  return Json{{"results", Json::array({prediction})}}.dump();
}

std::string label_studio_no_prediction() { return R"({"results":[]})"; }

}  // namespace samcache

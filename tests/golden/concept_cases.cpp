#include "golden/concept_cases.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace samcache::golden {
namespace {

using Json = nlohmann::json;

ConceptPrompt::Box box_of(const Json& cxcywh, bool positive, int width, int height) {
  const auto at = [&](int i) { return cxcywh[i].get<float>(); };
  const auto w = static_cast<float>(width);
  const auto h = static_cast<float>(height);
  return {{(at(0) - at(2) / 2) * w, (at(1) - at(3) / 2) * h, (at(0) + at(2) / 2) * w, (at(1) + at(3) / 2) * h},
          positive};
}

ConceptPrompt::Point point_of(const Json& xy, bool positive, int width, int height) {
  return {xy[0].get<float>() * static_cast<float>(width), xy[1].get<float>() * static_cast<float>(height), positive};
}

}  // namespace

std::vector<ConceptCase> concept_cases(const std::string& picture, int width, int height) {
  std::ifstream file(data_path("golden/cases.json"));
  const Json all = Json::parse(file);
  const auto box = [&](const char* name, bool positive) { return box_of(all["boxes"][name], positive, width, height); };
  const auto point = [&](const char* name, bool positive) {
    return point_of(all["points"][name], positive, width, height);
  };
  std::vector<ConceptCase> cases;
  for (const std::string name : all["grounding"]) {
    if (!name.starts_with(picture + "/")) continue;
    ConceptCase test{name + "/", {}};
    for (const char* text : {"person", "bus", "cat"}) {
      if (name.find(std::string("text_") + text) != std::string::npos) test.prompt.text = all["prompts"][text];
    }
    if (name.find("points") != std::string::npos) test.prompt.points = {point("P1", true), point("P2", false)};
    if (name.find("boxA") != std::string::npos || name.ends_with("points_boxes")) {
      test.prompt.boxes.push_back(box("A", true));
    }
    if (name.ends_with("negB") || name.ends_with("points_boxes")) test.prompt.boxes.push_back(box("B", false));
    cases.push_back(std::move(test));
  }
  return cases;
}

std::map<std::string, std::vector<float>> official_stages(const Tapped& tapped, int decoder_layers) {
  std::map<std::string, std::vector<float>> stages = tapped.values;
  for (int i = 0; i < decoder_layers; ++i) {
    const std::string layer = "dec/layer" + std::to_string(i);
    const std::string call = i == 0 ? "" : "." + std::to_string(i);
    const auto move = [&](const std::string& ours, const std::string& official) {
      const auto found = stages.find(layer + ours);
      if (found == stages.end()) return;
      stages[official] = std::move(found->second);
      stages.erase(found);
    };
    const auto append = [&](const std::string& ours, const std::string& official) {
      const auto found = stages.find(layer + ours);
      if (found == stages.end()) return;
      std::vector<float>& together = stages[official];
      together.insert(together.end(), found->second.begin(), found->second.end());
    };
    move(".query_sine", "dec/query_sine" + call);
    move(".query_pos", "dec/query_pos" + call);
    move(".rpb", "dec/rpb_layer" + std::to_string(i));
    append(".hs", "dec/hs");
    append(".ref_boxes", "dec/ref_boxes");
    append(".presence_logit", "dec/presence_logits");
    if (i + 1 == decoder_layers && stages.contains(layer + ".presence")) {
      stages["dec/presence_feats"] = stages[layer + ".presence"];
    }
  }
  if (const auto bias = stages.find("prompt_bias"); bias != stages.end()) {
    for (const float value : bias->second) stages["prompt_mask"].push_back(std::isinf(value) ? 1.0F : 0.0F);
  }
  return stages;
}

std::vector<float> without_padding(const std::vector<float>& official, std::size_t ours, std::size_t width) {
  constexpr std::size_t kContext = 32;
  const auto text_end = official.begin() + static_cast<std::ptrdiff_t>(kContext * width);
  const auto left_off = static_cast<std::ptrdiff_t>(official.size() - std::min(ours, official.size()));
  std::vector<float> kept(official.begin(), text_end - left_off);
  kept.insert(kept.end(), text_end, official.end());
  return kept;
}

}  // namespace samcache::golden

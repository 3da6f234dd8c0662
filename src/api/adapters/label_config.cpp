#include "api/adapters/label_config.h"

#include <strings.h>

#include <map>
#include <optional>
#include <pugixml.hpp>
#include <vector>

namespace samcache {
namespace {

bool is_tag(const pugi::xml_node& node, const char* name) { return strcasecmp(node.name(), name) == 0; }

struct Tags {
  std::map<std::string, std::string> images;  // name -> field
  std::vector<pugi::xml_node> brushes;
  std::vector<pugi::xml_node> polygons;
};

// Without recursion: how deep a document from outside is, nobody knows.
Tags tags_of(const pugi::xml_document& document) {
  Tags tags;
  for (pugi::xml_node node = document.first_child(); node;) {
    if (is_tag(node, "Image")) {
      std::string value = node.attribute("value").value();
      if (value.starts_with('$')) value.erase(0, 1);
      tags.images.emplace(node.attribute("name").value(), std::move(value));
    } else if (is_tag(node, "BrushLabels")) {
      tags.brushes.push_back(node);
    } else if (is_tag(node, "PolygonLabels")) {
      tags.polygons.push_back(node);
    }
    pugi::xml_node next = node.first_child();
    while (!next && node) {
      next = node.next_sibling();
      node = node.parent();
    }
    node = next;
  }
  return tags;
}

std::optional<LabelConfig> first_on_an_image(const std::vector<pugi::xml_node>& controls, const Tags& tags,
                                             LabelStudioMask mask) {
  for (const pugi::xml_node& control : controls) {
    const auto image = tags.images.find(control.attribute("toName").value());
    if (image == tags.images.end()) continue;
    return LabelConfig{control.attribute("name").value(), image->first, image->second, mask};
  }
  return std::nullopt;
}

}  // namespace

Result<LabelConfig> parse_label_config(std::string_view xml) {
  pugi::xml_document document;
  if (xml.size() > kMaxLabelConfigBytes || !document.load_buffer(xml.data(), xml.size())) {
    return Error{ErrorCode::kInvalidArgument, "label_config is no XML"};
  }
  const Tags tags = tags_of(document);
  std::optional<LabelConfig> config = first_on_an_image(tags.brushes, tags, LabelStudioMask::kBrush);
  if (!config) config = first_on_an_image(tags.polygons, tags, LabelStudioMask::kPolygon);
  if (config && !config->image_field.empty()) return *config;
  return Error{ErrorCode::kInvalidArgument,
               "label_config has no BrushLabels and no PolygonLabels on an Image with a value: add one for the masks"};
}

}  // namespace samcache

#include "api/json/prompt_lists.h"

namespace samcache {
namespace {

// {"coords": ..., "positive": true} -> what `make` makes of the coordinates.
template <class T, class Make>
std::vector<T> read_list(JsonFields& list_owner, std::string_view name, const Make& make) {
  std::vector<T> list;
  list_owner.read_each(name, kMaxListedPrompts, [&](const nlohmann::json& item, const std::string& path) -> Status {
    JsonFields fields(item, path);
    bool positive = true;
    fields.read("positive", positive);
    const nlohmann::json* coords = fields.take("coords");
    if (coords == nullptr) fields.refuse("", "has no coords");
    if (Status status = fields.finish(); !status) return status;
    Result<T> made = make(*coords, positive, path + ".coords");
    if (!made) return made.error();
    list.push_back(std::move(*made));
    return {};
  });
  return list;
}

}  // namespace

std::vector<PromptPoint> read_points(JsonFields& fields, const CoordinateFrame& frame) {
  return read_list<PromptPoint>(fields, "points",
                                [&](const nlohmann::json& coords, bool positive, const std::string& path) {
                                  return point_from_json(coords, positive, frame, path);
                                });
}

std::vector<ConceptPrompt::Box> read_boxes(JsonFields& fields, const CoordinateFrame& frame) {
  return read_list<ConceptPrompt::Box>(
      fields, "boxes",
      [&](const nlohmann::json& coords, bool positive, const std::string& path) -> Result<ConceptPrompt::Box> {
        const auto corners = box_from_json(coords, frame, path);
        if (!corners) return corners.error();
        return ConceptPrompt::Box{*corners, positive};
      });
}

}  // namespace samcache

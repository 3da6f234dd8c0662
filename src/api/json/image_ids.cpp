#include "api/json/image_ids.h"

#include <unordered_set>

namespace samcache {

std::vector<std::string> read_image_ids(JsonFields& body, std::size_t max_ids) {
  std::vector<std::string> ids;
  std::unordered_set<std::string> seen;
  const bool there = body.read_each("image_ids", max_ids, [&](const nlohmann::json& value, const std::string& path) {
    if (!value.is_string()) {
      return Status(Error{ErrorCode::kInvalidArgument, path + " must be an image's id, not " + json_type_name(value)});
    }
    const std::string& id = value.get_ref<const std::string&>();
    if (seen.insert(id).second) ids.push_back(id);
    return Status();
  });
  if (there && ids.empty()) body.refuse("image_ids", "names no image");
  return ids;
}

}  // namespace samcache

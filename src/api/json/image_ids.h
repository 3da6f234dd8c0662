// Bodies that name images: {"image_ids": ["…", …]}.
#pragma once

#include <string>
#include <vector>

#include "api/json/strict_json.h"

namespace samcache {

// Reads `image_ids` of a body, each id once; at least one, at most `max_ids`. Whatever is wrong is the fields' error.
std::vector<std::string> read_image_ids(JsonFields& body, std::size_t max_ids);

}  // namespace samcache

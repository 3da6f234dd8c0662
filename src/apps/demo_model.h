// The model that ships with the program, for whoever has named no other.
#pragma once

#include <filesystem>
#include <optional>

#include "base/error.h"

namespace samcache {

// The demo model's folder beside this program: share/samcache/models/demo of the tree it is installed in, or
// models/demo of the source tree it was built in. None: it is not there.
std::optional<std::filesystem::path> find_demo_model();

// `named` if it names a model; else the demo model's folder, after saying so on stderr. kInvalidArgument: neither.
Result<std::filesystem::path> model_or_demo(const std::filesystem::path& named);

}  // namespace samcache

// The model that ships with the program, for whoever has named no other.
#pragma once

#include <filesystem>

#include "base/error.h"

namespace samcache {

// `named` if it names a model; else the demo model's folder, after saying so on stderr. kInvalidArgument: neither.
Result<std::filesystem::path> model_or_demo(const std::filesystem::path& named);

}  // namespace samcache

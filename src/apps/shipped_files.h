// What ships beside the program: in the tree it is installed in, or in the source tree it was built in.
#pragma once

#include <filesystem>
#include <optional>

namespace samcache {

// Their folders. None: they are not there. An installed one comes first.
std::optional<std::filesystem::path> find_demo_model();
std::optional<std::filesystem::path> find_web_app();

}  // namespace samcache

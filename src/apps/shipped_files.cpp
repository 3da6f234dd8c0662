#include "apps/shipped_files.h"

namespace samcache {
namespace {

constexpr int kSourceTreeDepth = 6;  // of build/src/apps/samcache and what is like it

struct ShippedFolder {
  const char* installed;  // below the folder for data
  const char* in_source;  // below the project's folder
  const char* mark;       // a file without which it is not complete
};

std::optional<std::filesystem::path> find(const ShippedFolder& wanted) {
  const auto is_complete = [&](const std::filesystem::path& folder) {
    std::error_code code;
    return std::filesystem::is_regular_file(folder / wanted.mark, code);
  };
  std::error_code code;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
  const std::filesystem::path installed = (folder / SAMCACHE_DATA_FROM_BIN / wanted.installed).lexically_normal();
  if (is_complete(installed)) return installed;
  for (int up = 0; up < kSourceTreeDepth && folder.has_relative_path(); ++up, folder = folder.parent_path()) {
    if (is_complete(folder / wanted.in_source)) return folder / wanted.in_source;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::filesystem::path> find_demo_model() {
  return find({.installed = "models/demo", .in_source = "models/demo", .mark = "model.safetensors"});
}

std::optional<std::filesystem::path> find_web_app() {
  return find({.installed = "web", .in_source = "web/dist", .mark = "index.html"});
}

}  // namespace samcache

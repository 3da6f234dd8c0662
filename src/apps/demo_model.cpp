#include "apps/demo_model.h"

#include <string>

#include "apps/console.h"

namespace samcache {
namespace {

constexpr int kSourceTreeDepth = 6;  // of build/src/apps/samcache and what is like it

bool is_model(const std::filesystem::path& folder) {
  std::error_code code;
  return std::filesystem::is_regular_file(folder / "model.safetensors", code);
}

}  // namespace

std::optional<std::filesystem::path> find_demo_model() {
  std::error_code code;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
  const std::filesystem::path installed = folder.parent_path() / "share/samcache/models/demo";
  if (is_model(installed)) return installed;
  for (int up = 0; up < kSourceTreeDepth && folder.has_relative_path(); ++up, folder = folder.parent_path()) {
    if (is_model(folder / "models/demo")) return folder / "models/demo";
  }
  return std::nullopt;
}

Result<std::filesystem::path> model_or_demo(const std::filesystem::path& named) {
  if (!named.empty()) return named;
  const std::optional<std::filesystem::path> demo = find_demo_model();
  if (!demo) {
    return Error{ErrorCode::kInvalidArgument,
                 "no model: give --model DIR or set SAMCACHE_MODEL (the demo model is not beside the program; samcache "
                 "model init --config released --out DIR makes one with random weights)"};
  }
  print_note("no --model given: using the demo model, " + demo->string());
  return *demo;
}

}  // namespace samcache
